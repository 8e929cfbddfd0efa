import { Hono } from "hono";
import { html } from "hono/html";
import { type Settings, settingsSchema } from "../../settings.ts";
import type { Env, World } from "../../world.ts";
import type { Html } from "../layout.ts";
import { answerForm, formRoutes, inspectorPage } from "./shell.ts";

type SwitchName = { [Name in keyof Settings]: Settings[Name] extends boolean ? Name : never }[keyof Settings];

interface Switch {
	name: SwitchName;
	label: string;
	/** The behavior when the setting is off. */
	off: string;
}

/** Behavior of the real service that its documentation omits or contradicts. */
const oddities: readonly Switch[] = [
	{ name: "freePlanPastDue", label: "A free plan without a card is past due from its first renewal", off: "it stays active" },
	{
		name: "noPlanAfterScheduledCancel",
		label: "A plan that ends as scheduled leaves no plan at all",
		off: "the free plan takes its place",
	},
	{ name: "meterAbsentBeforeFirstEntry", label: "A balance is absent before its first ledger entry", off: "it is 0" },
	{ name: "negativeBalances", label: "Balances go below zero", off: "they are shown as 0" },
	{ name: "creditsStrandedOnUpgrade", label: "Credits of the free plan are lost on an upgrade", off: "they move along" },
	{ name: "topUpWithoutSubscription", label: "A top-up can be bought without a plan, and grants nothing", off: "its checkout is refused" },
	{ name: "topUpIgnoresQuantity", label: "A top-up grants its amount once, whatever the quantity", off: "the quantity counts" },
	{ name: "usageOnCanceled", label: "Usage of a canceled plan is accepted", off: "it is refused with 400" },
	{ name: "twoSubscriptions", label: "A customer may have several plans at once", off: "a second one is refused with 409" },
	{
		name: "pastDueFreePlanBlocksUpgrade",
		label: "A free plan that is past due is in the way of an upgrade",
		off: "it is replaced like an active one",
	},
	{
		name: "domainErrorsAre500",
		label: "Most refusals are answered with 500, whatever their reason",
		off: "they are 400, 404 and 409, as documented",
	},
	{
		name: "scheduledChangeBlocks",
		label: "While a change of plan waits for the period’s end, the plan can neither be canceled nor changed",
		off: "a cancellation or another change replaces it",
	},
];

const offers: readonly Switch[] = [
	{ name: "freePlanRenews", label: "The free plan’s price renews each month", off: "it is a one-time price of $0, and never past due" },
	{ name: "maxPlan", label: "A second paid plan, Max: $19.99, 3000 requests a month", off: "Pro is the only one" },
	{
		name: "stripeCatalogue",
		label: "Stripe’s side sells the same plans from the start",
		off: "it has no products until somebody creates them",
	},
];

/** The page at /oddities: the settings. */
export function odditiesPage(world: World) {
	return new Hono<Env>().get("/", (c) => c.html(inspectorPage(world, c, { title: "Oddities", body: body(world.state.settings) })));
}

/** The form of the page at /oddities. */
export function oddityForms(world: World) {
	return formRoutes().post("/oddities", async (c) => {
		const form = await c.req.parseBody();
		const switches = [...oddities, ...offers].map(({ name }) => [name, form[name] === "on"]);
		const parsed = settingsSchema.partial().safeParse({
			...Object.fromEntries(switches),
			proTrialDays: Number(form.proTrialDays),
			freeCredits: Number(form.freeCredits),
		});
		if (!parsed.success) return answerForm(c, "/oddities", "Days and requests must be whole numbers.", "refused");
		Object.assign(world.state.settings, parsed.data);
		return answerForm(c, "/oddities", "Set. Existing records do not change.");
	});
}

function body(settings: Settings): Html {
	const choice = ({ name, label, off }: Switch) =>
		html`<label class="choice"><input type="checkbox" name="${name}" ${settings[name] ? "checked" : ""}><span>${label}</span><small>Off: ${off}.</small></label>`;
	return html`
<h1>Oddities</h1>
<p>Surprising behavior of the real service that the sandbox reproduces. These are not faults.</p>
<form method="post" action="/oddities">
<fieldset><legend>How it behaves</legend><div class="choices">${oddities.map(choice)}</div></fieldset>
<fieldset><legend>What it sells</legend><div class="choices">${offers.map(choice)}</div>
<div class="actions"><label>Days of trial on Pro<br><input type="number" name="proTrialDays" min="0" max="365" value="${settings.proTrialDays}"></label>
<label>Requests a month on the free plan<br><input type="number" name="freeCredits" min="0" max="1000000" value="${settings.freeCredits}"></label></div></fieldset>
<div class="actions"><button class="next">Set</button></div>
</form>`;
}
