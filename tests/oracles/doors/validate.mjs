// Validates documents against a JSON Schema: `node validate.mjs SCHEMA DOCUMENT…`. Draft 4 and draft 7 are known.
// Prints what is wrong, a line each, and exits with 1 if anything is.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

// The packages lie where this is run, not beside this file.
const require = createRequire(join(process.cwd(), 'package.json'))
const Ajv = require('ajv')
const json = (path) => JSON.parse(readFileSync(path, 'utf8'))

const [schema, ...documents] = process.argv.slice(2)
// `uri` and the like are formats too, and an unknown one is a mistake in the schema.
const ajv = new Ajv({ schemaId: 'auto', allErrors: true, jsonPointers: true, logger: false, meta: false })
for (const draft of ['04', '06', '07']) ajv.addMetaSchema(require(`ajv/lib/refs/json-schema-draft-${draft}.json`))
const validate = ajv.compile(json(schema))
let wrong = false
for (const path of documents) {
  if (validate(json(path))) continue
  wrong = true
  for (const error of validate.errors) console.log(`${path}${error.dataPath}: ${error.message} ${JSON.stringify(error.params)}`)
}
process.exitCode = wrong ? 1 : 0
