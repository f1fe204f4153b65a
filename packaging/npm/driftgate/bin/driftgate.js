#!/usr/bin/env node
// Runs the program of this platform, which npm installed as an optional dependency. Nothing is downloaded here, and
// nothing runs at installation.
"use strict";

const { spawnSync } = require("node:child_process");
const { constants } = require("node:os");

// As all of driftgate: 2 is "could not check".
const COULD_NOT_CHECK = 2;

function fail(message) {
  process.stderr.write(`error: ${message}\nnothing was checked\n`);
  process.exit(COULD_NOT_CHECK);
}

function binary() {
  if (process.env.DRIFTGATE_BINARY) {
    return process.env.DRIFTGATE_BINARY;
  }
  const { optionalDependencies } = require("../package.json");
  const wanted = `@driftgate/${process.platform}-${process.arch}`;
  if (!(wanted in optionalDependencies)) {
    fail(
      `there is no driftgate for ${process.platform} on ${process.arch}\n` +
        "  help: build it (cargo install driftgate) and name it in DRIFTGATE_BINARY",
    );
  }
  const file = process.platform === "win32" ? "driftgate.exe" : "driftgate";
  try {
    return require.resolve(`${wanted}/bin/${file}`);
  } catch {
    fail(
      `the package ${wanted} is not installed\n` +
        "  why: npm was told to leave optional dependencies out, or node_modules comes from another platform\n" +
        "  help: install again on this platform, without --omit=optional or --no-optional",
    );
  }
}

const program = binary();
const { error, signal, status } = spawnSync(program, process.argv.slice(2), { stdio: "inherit", windowsHide: true });
if (error) {
  fail(`${program} could not be run: ${error.message}`);
}
process.exitCode = signal ? 128 + (constants.signals[signal] ?? 0) : status;
