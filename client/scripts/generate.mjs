// Writes src/generated/ from the server's two contracts: the OpenAPI snapshot and docs/asyncapi.yaml. `node scripts/generate.mjs`
// Invariant: a keyword that is not understood is an error, so that a type never promises less or more than the schema.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

const CLIENT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const ROOT = resolve(CLIENT, "..");
const OPENAPI = "api/tests/it/snapshots/openapi.snap";
const ASYNCAPI = "docs/asyncapi.yaml";
/** Keywords that narrow a value without changing its TypeScript type. */
const SILENT = new Set(
  "description title example examples default format pattern minLength maxLength minimum maximum minItems maxItems propertyNames".split(
    " ",
  ),
);
const SHAPES = "$ref const enum anyOf oneOf allOf type properties required additionalProperties items".split(" ");

const comment = (text, indent) => {
  if (!text) return "";
  const lines = text.trim().replaceAll("*/", "* /").split("\n");
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join("\n")}\n${indent} */\n`;
};
const joined = (types, by) => [...new Set(types)].join(by);
const wrapped = (type) => (/[|&]/.test(type) ? `(${type})` : type);
const property = (name) => (/^[a-z_$][\w$]*$/i.test(name) ? name : JSON.stringify(name));

function object(schema, indent) {
  const inner = `${indent}  `;
  const required = new Set(schema.required);
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const type = typeOf(field, inner);
    const optional = required.has(name) ? "" : "?";
    return `${comment(field.description, inner)}${inner}${property(name)}${optional}: ${type}${optional && " | undefined"};\n`;
  });
  const more = schema.additionalProperties;
  if (fields.length) return `{\n${fields.join("")}${indent}}`;
  return more && typeof more === "object" ? `Record<string, ${typeOf(more, indent)}>` : "Record<string, unknown>";
}

const BY_NAME = {
  string: () => "string",
  integer: () => "number",
  number: () => "number",
  boolean: () => "boolean",
  null: () => "null",
  array: (schema, indent) => `${wrapped(schema.items ? typeOf(schema.items, indent) : "unknown")}[]`,
  object,
};

/** Alternatives that all must have some field, whichever of them it is. */
function demanding({ required = [], properties }, alternatives) {
  if (properties) throw new Error("properties beside alternatives are not understood");
  const fields = required.map((name) => `${property(name)}: NonNullable<unknown>`);
  return fields.length ? `(${alternatives}) & { ${fields.join("; ")} }` : alternatives;
}

/** The TypeScript type of a JSON schema. */
function typeOf(schema, indent = "") {
  for (const keyword of Object.keys(schema)) {
    if (!SILENT.has(keyword) && !SHAPES.includes(keyword)) throw new Error(`schema keyword not understood: ${keyword}`);
  }
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum)
    return joined(
      schema.enum.map((value) => JSON.stringify(value)),
      " | ",
    );
  const any = schema.anyOf ?? schema.oneOf;
  const own = schema.type || schema.properties ? [byType(schema, indent)] : [];
  if (any)
    return demanding(
      schema,
      joined(
        any.map((each) => typeOf(each, indent)),
        " | ",
      ),
    );
  if (schema.allOf) return joined([...schema.allOf.map((each) => wrapped(typeOf(each, indent))), ...own], " & ");
  return own[0] ?? "unknown";
}

function byType(schema, indent) {
  const names = [schema.type ?? "object"].flat();
  return joined(
    names.map((name) => BY_NAME[name](schema, indent)),
    " | ",
  );
}

function generated(source, schemas) {
  const head = `// Generated from ${source} by \`npm run generate\`. Not to be edited.\n`;
  const types = Object.entries(schemas).map(
    ([name, schema]) => `\n${comment(schema.description, "")}export type ${name} = ${typeOf(schema)};\n`,
  );
  return head + types.join("");
}

/** The files that ought to be there, by path. */
export function contracts() {
  const read = (path) => readFileSync(join(ROOT, path), "utf8");
  const openapi = JSON.parse(read(OPENAPI).split("---\n").slice(2).join("---\n"));
  const asyncapi = parse(read(ASYNCAPI));
  return {
    [join(CLIENT, "src/generated/openapi.ts")]: generated(OPENAPI, openapi.components.schemas),
    [join(CLIENT, "src/generated/asyncapi.ts")]: generated(ASYNCAPI, asyncapi.components.schemas),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(join(CLIENT, "src/generated"), { recursive: true });
  for (const [path, text] of Object.entries(contracts())) writeFileSync(path, text);
}
