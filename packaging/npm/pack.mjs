// Makes the npm packages. The version, the description and the rest come from Cargo.toml, the platforms from
// targets.json; nothing is written down twice.
//
//     node packaging/npm/pack.mjs main OUT                  the package `driftgate`
//     node packaging/npm/pack.mjs TARGET BINARY OUT         the package of one platform, with that program
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const targets = JSON.parse(readFileSync(join(root, "packaging", "targets.json"), "utf8"));
const manifest = JSON.parse(
  execFileSync("cargo", ["metadata", "--quiet", "--no-deps", "--format-version", "1"], { cwd: root, encoding: "utf8" }),
).packages.find((found) => found.name === "driftgate");

const name = ({ npm }) => `@driftgate/${npm.os}-${npm.cpu}`;
const common = {
  version: manifest.version,
  description: manifest.description,
  license: `(${manifest.license})`,
  repository: { type: "git", url: `git+${manifest.repository}.git` },
  keywords: manifest.keywords,
};

function pack(contents, out, fill) {
  const dir = mkdtempSync(join(tmpdir(), "driftgate-npm-"));
  try {
    writeFileSync(join(dir, "package.json"), `${JSON.stringify(contents, null, 2)}\n`);
    for (const file of ["README.md", "LICENSE-MIT", "LICENSE-APACHE"]) {
      copyFileSync(join(root, file), join(dir, file));
    }
    fill(dir);
    mkdirSync(out, { recursive: true });
    // npm is a script that Windows runs through its shell only.
    execFileSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", resolve(out)], {
      cwd: dir,
      stdio: ["ignore", "inherit", "inherit"],
      shell: process.platform === "win32",
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const [what, ...rest] = process.argv.slice(2);
if (what === "main" && rest.length === 1) {
  const contents = {
    name: "driftgate",
    ...common,
    bin: { driftgate: "bin/driftgate.js" },
    files: ["bin"],
    engines: { node: ">=18" },
    optionalDependencies: Object.fromEntries(targets.map((target) => [name(target), manifest.version])),
  };
  pack(contents, rest[0], (dir) => cpSync(join(here, "driftgate"), dir, { recursive: true }));
} else if (rest.length === 2 && targets.some(({ target }) => target === what)) {
  const target = targets.find((found) => found.target === what);
  const contents = {
    name: name(target),
    ...common,
    os: [target.npm.os],
    cpu: [target.npm.cpu],
    files: ["bin"],
    preferUnplugged: true,
  };
  pack(contents, rest[1], (dir) => {
    const file = join(dir, "bin", target.npm.os === "win32" ? "driftgate.exe" : "driftgate");
    mkdirSync(dirname(file));
    copyFileSync(rest[0], file);
    chmodSync(file, 0o755);
  });
} else {
  console.error("usage: pack.mjs main OUT | pack.mjs TARGET BINARY OUT");
  process.exitCode = 2;
}
