// Writes src/server/openapi.ts: the types of what the server answers, from its openapi.yaml. `jlpm types`, after each change of that.

import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';
import { load } from 'js-yaml';
import { format, resolveConfig } from 'prettier';

const SOURCE = new URL('cellrun/server/openapi.yaml', import.meta.url);
const TARGET = new URL('src/server/openapi.ts', import.meta.url);

/** What can be asked for in an address, each a type by this name. */
const QUERIES = {
  RunQuery: '/cellrun/api/workspaces/{w}/runs',
  MetricQuery: '/cellrun/api/workspaces/{w}/runs/{r}/metric',
};

/** Types of every schema and query, by name. */
export async function openapiTypes() {
  const { paths, components, ...about } = load(await readFile(SOURCE, 'utf8'));
  const queries = Object.entries(QUERIES).map(([name, path]) => [
    name,
    querySchema(paths[path].get.parameters),
  ]);
  const schemas = { ...components.schemas, ...Object.fromEntries(queries) };
  const tree = await openapiTS(
    { ...about, security: [], paths: {}, components: { schemas } },
    { immutable: true, rootTypes: true, rootTypesNoSchemaPrefix: true, silent: true },
  );
  const first =
    '/** What the server answers: made from openapi.yaml by `jlpm types`. Times are seconds since the epoch. */\n';
  const types = astToString(tree)
    .replace(/^export type (paths|webhooks|\$defs|operations) = .*;\n/gm, '') // all empty
    .replace(/(?<!= )components\["schemas"\]\["(\w+)"\]/g, '$1');
  return format(first + types, { ...(await resolveConfig(TARGET)), parser: 'typescript' });
}

/** A query as an object. What may be left out has no value then, whatever the server takes instead. */
function querySchema(parameters) {
  const given = parameters.map(({ name, description, schema: { default: _, ...schema } }) => [
    name,
    { description, ...schema },
  ]);
  const required = parameters.filter(one => one.required).map(one => one.name);
  return { type: 'object', required, properties: Object.fromEntries(given) };
}

if (process.argv[1] === import.meta.filename) await writeFile(TARGET, await openapiTypes());
