import { Hono } from "hono";
import { html } from "hono/html";
import { Refusal } from "../../billing/refusal.ts";
import { farewell } from "../../scenarios/app-browser.ts";
import type { Scenario } from "../../scenarios/scenario.ts";
import { scenarios } from "../../scenarios/scenarios.ts";
import type { Env, World } from "../../world.ts";
import type { Html } from "../layout.ts";
import { answerForm, formRoutes, inspectorPage } from "./shell.ts";

/** The page at /scenarios: prepared states, one button press each. */
export function scenariosPage(world: World) {
	return new Hono<Env>().get("/", (c) => c.html(inspectorPage(world, c, { title: "Scenarios", body: body(world) })));
}

/** The forms of the scenarios page. */
export function scenarioForms(world: World) {
	return formRoutes().post("/scenarios", async (c) => {
		const { name, customerId, back } = await c.req.parseBody();
		const scenario = scenarios.find((one) => one.name === name);
		if (scenario === undefined) throw new Refusal("NOT_FOUND", "There is no such scenario.");
		const input = typeof customerId === "string" && customerId !== "" ? { customerId } : {};
		const gone = scenario.needsApp ? await farewell(world.appUrl, c.req.header("cookie") ?? "") : [];
		const { text, customerId: touched, cookies = [] } = await scenario.play(world, input);
		if (cookies.length > 0) {
			// Browsers send a host's cookies to all its ports, so these cookies sign the browser in at the app.
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
<p>Each button creates a state that takes long to reach by hand.</p>
<h2>In the app</h2>
<p class="soft">These use the app’s API at <a href="${appUrl}">${appUrl}</a>, so the app must run. They send real chat messages and take a few seconds. Afterwards this browser is signed in to the app as that user. The app and this page must have the same host name.</p>
<div class="scenes">${scenarios.filter(({ needsApp }) => needsApp).map((scenario) => scene(scenario, html`<button name="name" value="${scenario.name}" aria-label="Become it: ${scenario.title}">Become it</button>`))}</div>
<h2>At Flowglad</h2>
<p class="soft">Choose a customer that the app knows to change it: the app sees the change at its next read. A new customer exists only here.</p>
<form method="post" action="/scenarios">
<p><label>Customer<br><select name="customerId"><option value="">New customer</option>${state.customers
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
