/** The inspector: pages that show and change the sandbox's state. */
import { Hono } from "hono";
import { stripeInspectorForms, stripeInspectorPage } from "../../stripe/pages/inspector.ts";
import type { Env, World } from "../../world.ts";
import { clockForms } from "./clock.ts";
import { customerForms, customerPage } from "./customer.ts";
import { customerListPage } from "./customers.ts";
import { faultForms, faultsPage } from "./faults.ts";
import { odditiesPage, oddityForms } from "./oddities.ts";
import { scenarioForms, scenariosPage } from "./scenarios.ts";
import { webhookForms, webhooksPage } from "./webhooks.ts";

export function inspectorPages(world: World) {
	return new Hono<Env>()
		.route("/customers", customerPage(world))
		.route("/scenarios", scenariosPage(world))
		.route("/webhooks", webhooksPage(world))
		.route("/stripe", stripeInspectorPage(world))
		.route("/faults", faultsPage(world))
		.route("/oddities", odditiesPage(world))
		.route("/", clockForms(world))
		.route("/", customerForms(world))
		.route("/", scenarioForms(world))
		.route("/", webhookForms(world))
		.route("/", stripeInspectorForms(world))
		.route("/", faultForms(world))
		.route("/", oddityForms(world))
		.route("/", customerListPage(world));
}
