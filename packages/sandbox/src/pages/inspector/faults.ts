import { Hono } from "hono";
import { html } from "hono/html";
import { type Faults, faultsSchema } from "../../faults/schema.ts";
import type { Env, World } from "../../world.ts";
import { type Html, table } from "../layout.ts";
import { type FaultGroup, faultGroups } from "./fault-presets.ts";
import { isActive, mergeFaults } from "./preset-faults.ts";
import { answerForm, formRoutes, inspectorPage } from "./shell.ts";

/** The page at /faults: active faults, and counts of calls. */
export function faultsPage(world: World) {
	return new Hono<Env>().get("/", (c) => c.html(inspectorPage(world, c, { title: "Faults", body: body(world) })));
}

/** The forms of the page at /faults. */
export function faultForms(world: World) {
	return formRoutes()
		.post("/faults", async (c) => {
			const form = await c.req.parseBody({ all: true });
			const ticked = new Set([form.preset, ...faultGroups.map((_, index) => form[`group${index}`])].flat());
			world.state.faults = mergeFaults(
				faultGroups.flatMap(({ presets }) => presets.filter(({ id }) => ticked.has(id)).map(({ faults }) => faults)),
			);
			return answerForm(c, "/faults", Object.keys(world.state.faults).length === 0 ? "All faults cleared." : "Set.");
		})
		.post("/faults/json", async (c) => {
			const parsed = faultsSchema.safeParse(jsonOf((await c.req.parseBody()).json));
			if (!parsed.success) return answerForm(c, "/faults", `Invalid faults: ${parsed.error.issues[0]?.message}`, "refused");
			world.state.faults = parsed.data;
			return answerForm(c, "/faults", "Set.");
		});
}

function jsonOf(text: unknown): unknown {
	try {
		return JSON.parse(String(text));
	} catch {
		return undefined;
	}
}

function body({ state: { faults, calls } }: World): Html {
	const counted = Object.entries(calls).sort(([, a], [, b]) => b - a);
	return html`
<h1>Faults</h1>
<p>Failures on demand. They stay active until you clear them.</p>
<form method="post" action="/faults">
${faultGroups.map((group, index) => fieldset(group, index, faults))}
<div class="actions"><button class="next">Set</button><button form="clear">Clear all</button></div>
</form>
<form id="clear" method="post" action="/faults"></form>
<details><summary>As JSON</summary>
<form method="post" action="/faults/json"><label>The active faults, for anything the options above do not cover<textarea name="json" spellcheck="false">${JSON.stringify(faults, null, 2)}</textarea></label>
<div class="actions"><button>Set the JSON</button></div></form></details>
<h2>Calls so far</h2>
${table(
	"Calls",
	["Call", { number: "Count" }],
	counted.map(([call, count]) => html`<tr><td><code>${call}</code></td><td class="number">${count}</td></tr>`),
	html`<p class="soft">None.</p>`,
)}`;
}

function fieldset({ title, pick, presets }: FaultGroup, index: number, faults: Faults): Html {
	const active = presets.filter((preset) => isActive(faults, preset));
	const input = (id: string, checked: boolean) =>
		pick === "one"
			? html`<input type="radio" name="group${index}" value="${id}" ${checked ? "checked" : ""}>`
			: html`<input type="checkbox" name="preset" value="${id}" ${checked ? "checked" : ""}>`;
	return html`<fieldset><legend>${title}</legend><div class="choices">
${pick === "one" ? html`<label class="choice">${input("", active.length === 0)}<span>Works</span><small>No fault.</small></label>` : ""}
${presets.map(({ id, label, detail }) => html`<label class="choice">${input(id, pick === "one" ? active[0]?.id === id : active.some((one) => one.id === id))}<span>${label}</span><small>${detail}</small></label>`)}
</div></fieldset>`;
}
