import { Hono } from "hono";
import { html } from "hono/html";
import { Refusal } from "../../billing/refusal.ts";
import { farewell } from "../../scenarios/app-browser.ts";
import type { Scenario } from "../../scenarios/scenario.ts";
import { scenarios } from "../../scenarios/scenarios.ts";
import type { Env, World } from "../../world.ts";
import type { Html } from "../layout.ts";
import { answerForm, formRoutes, inspectorPage } from "./shell.ts";

/** The page at /scenarios: states to be in at one press. */
export function scenariosPage(world: World) {
	return new Hono<Env>().get("/", (c) => c.html(inspectorPage(world, c, { title: "Scenarios", body: body(world) })));
}

export function scenarioForms(world: World) {
	return formRoutes().post("/scenarios", async (c) => {
		const { name, customerId, back } = await c.req.parseBody();
		const scenario = scenarios.find((one) => one.name === name);
		if (scenario === undefined) throw new Refusal("NOT_FOUND", "There is no such scenario.");
		const input = typeof customerId === "string" && customerId !== "" ? { customerId } : {};
		const gone = scenario.needsApp ? await farewell(world.appUrl, c.req.header("cookie") ?? "") : [];
		const { text, customerId: touched, cookies = [] } = await scenario.play(world, input);
		if (cookies.length > 0) {
			// The browser sends a host's cookies to all its ports, so these make it the person of the story at the app.
			const answer = c.redirect(world.appUrl, 303);
			for (const line of [...gone, ...cookies]) answer.headers.append("set-cookie", line);
			return answer;
		}
		return answerForm(c, back ?? (touched === undefined ? "/scenarios" : `/customers/${touched}`), text);
	});
}

function body({ appUrl, state }: World): Html {
	return html`
<h1>Scenarios</h1>
<p>Each takes you to a state that would take an afternoon to get into.</p>
<h2>In the app</h2>
<p class="soft">Played through the app’s own API at <a href="${appUrl}">${appUrl}</a>, which has to run. It asks real questions of its model, so give it a few seconds. Afterwards you are in the app as that person; whoever you were there before is signed out in this browser. This works where the app and this page have the same host name.</p>
<div class="scenes">${scenarios.filter(({ needsApp }) => needsApp).map((scenario) => scene(scenario, html`<button name="name" value="${scenario.name}" aria-label="Become it: ${scenario.title}">Become it</button>`))}</div>
<h2>At Flowglad</h2>
<p class="soft">For a customer that the app knows, choose it: the app sees the change at its next read. Somebody new exists here only, and is good for looking at.</p>
<form method="post" action="/scenarios">
<p><label>Customer<br><select name="customerId"><option value="">Somebody new</option>${state.customers
		.filter(({ archived }) => !archived)
		.toReversed()
		.map(({ id, name, email }) => html`<option value="${id}">${name || email} (${email})</option>`)}</select></label></p>
<div class="scenes">${scenarios
		.filter(({ needsApp }) => !needsApp)
		.map(
			({ name, title, detail }) =>
				html`<div><h3>${title}</h3><p class="soft">The customer ${detail}</p><button name="name" value="${name}" aria-label="Set: ${title}">Set</button></div>`,
		)}</div>
</form>`;
}

function scene({ title, detail }: Scenario, button: Html): Html {
	return html`<div><h3>${title}</h3><p class="soft">${detail}</p><form method="post" action="/scenarios"><input type="hidden" name="back" value="/scenarios">${button}</form></div>`;
}
