// Charts through mermaid's own parsers. Standard input: a JSON list of texts; standard output: a
// JSON object, parser -> list of complaints ("" = parsed). Run where the packages are installed.
import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";

const { window } = new JSDOM("");
Object.assign(globalThis, { window, document: window.document });

const charts = JSON.parse(readFileSync(0, "utf8"));
const complaints = {};
for (const name of ["mermaid", "mermaid-10"]) {
  const { default: mermaid } = await import(name);
  complaints[name] = [];
  for (const chart of charts) {
    try {
      await mermaid.parse(chart);
      complaints[name].push("");
    } catch (error) {
      complaints[name].push(String(error) || "refused");
    }
  }
}
process.stdout.write(JSON.stringify(complaints));
