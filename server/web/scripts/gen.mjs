// gen.mjs [OPENAPI SCHEMA]: writes src/api/schema.ts from openapi.json, or SCHEMA from OPENAPI.

import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const [openapi, schema] = [
  process.argv[2] ?? new URL("../openapi.json", import.meta.url),
  process.argv[3] ?? new URL("../src/api/schema.ts", import.meta.url),
];
const description = JSON.parse(readFileSync(openapi, "utf8"));
// The types go by path and method; names of operations would only be a second way to say the same.
for (const methods of Object.values(description.paths)) {
  for (const operation of Object.values(methods)) delete operation.operationId;
}
const head = "// Written by `npm run gen` from openapi.json.\n\n";
writeFileSync(schema, head + astToString(await openapiTS(description)));
