import type { State } from "../../state.ts";
import { find } from "../find.ts";
import { newId } from "../ids.ts";
import type { PortalConfiguration, PortalSession } from "../records.ts";
import { refuse } from "../refusal.ts";
import { mergedMetadata } from "./metadata.ts";

interface PortalRequest {
	customer: string;
	return_url?: string | undefined;
	configuration?: string | undefined;
	flow_data?:
		| {
				type: "payment_method_update" | "subscription_cancel";
				after_completion?:
					| { type: "redirect" | "hosted_confirmation" | "portal_homepage"; redirect?: { return_url: string } | undefined }
					| undefined;
				subscription_cancel?: { subscription: string } | undefined;
		  }
		| undefined;
}

/**
 * Opens a session of the billing portal.
 * @throws StripeRefusal
 */
export function createPortalSession(state: State, request: PortalRequest, atSeconds: number): PortalSession {
	const customer = find(state.stripe.customers, request.customer, "customer", "customer");
	const id = newId("bps");
	const { flow_data: flow } = request;
	const ending = flow?.subscription_cancel?.subscription;
	if (ending !== undefined) find(state.stripe.subscriptions, ending, "subscription", "flow_data[subscription_cancel][subscription]");
	const session: PortalSession = {
		id,
		object: "billing_portal.session",
		configuration: configurationOf(state, request),
		created: atSeconds,
		customer: customer.id,
		customer_account: null,
		flow:
			flow === undefined
				? null
				: {
						after_completion: {
							hosted_confirmation: null,
							redirect: flow.after_completion?.redirect ?? null,
							type: flow.after_completion?.type ?? "portal_homepage",
						},
						customer_update: null,
						subscription_cancel: ending === undefined ? null : { retention: null, subscription: ending },
						subscription_pause: null,
						subscription_update: null,
						subscription_update_confirm: null,
						type: flow.type,
					},
		livemode: false,
		locale: null,
		on_behalf_of: null,
		return_url: request.return_url ?? null,
		url: `${state.stripe.origin}/stripe/portal/${id}`,
	};
	state.stripe.portalSessions.push(session);
	return session;
}

/** The session's named configuration, or the account's default, which exists only once someone saved it in the dashboard. */
function configurationOf({ stripe }: State, { configuration: id }: PortalRequest): string {
	const named = id === undefined ? stripe.portalConfigurations.find((one) => one.is_default) : undefined;
	const found = named ?? (id === undefined ? undefined : find(stripe.portalConfigurations, id, "configuration", "configuration"));
	if (found === undefined)
		throw refuse(
			"No configuration provided and your test mode default configuration has not been created. Provide a configuration or create your default by saving your customer portal settings in test mode at https://dashboard.stripe.com/test/settings/billing/portal.",
		);
	if (!found.active) throw refuse("This configuration is not active.", { param: "configuration" });
	return found.id;
}

/** A configuration with everything off. */
export function newPortalConfiguration(
	given: Pick<PortalConfiguration, "id" | "created"> & Partial<PortalConfiguration>,
): PortalConfiguration {
	return {
		object: "billing_portal.configuration",
		active: true,
		application: null,
		business_profile: { headline: null, privacy_policy_url: null, terms_of_service_url: null },
		default_return_url: null,
		features: {
			customer_update: { allowed_updates: [], enabled: false },
			invoice_history: { enabled: false },
			payment_method_update: { enabled: false, payment_method_configuration: null },
			subscription_cancel: {
				cancellation_reason: { enabled: false, feedback_options: null, options: [] },
				enabled: false,
				mode: "at_period_end",
				proration_behavior: "none",
			},
			subscription_pause: { duration: { interval_options: [], type: "indefinite" }, enabled: false },
			subscription_update: {
				billing_cycle_anchor: null,
				default_allowed_updates: [],
				enabled: false,
				proration_behavior: "none",
				schedule_at_period_end: { conditions: [] },
				trial_update_behavior: "end_trial",
			},
		},
		is_default: false,
		livemode: false,
		login_page: { enabled: false, url: null },
		metadata: {},
		name: null,
		updated: given.created,
		...given,
	};
}

interface ConfigurationChange {
	active?: boolean | undefined;
	business_profile?: { headline?: string | null | undefined } | undefined;
	default_return_url?: string | null | undefined;
	features?: { [Name in keyof PortalConfiguration["features"]]?: object | undefined } | undefined;
	metadata?: Record<string, string> | null | undefined;
	name?: string | null | undefined;
}

/** Changes only the given fields, including those within each feature. */
export function setPortalConfiguration(configuration: PortalConfiguration, change: ConfigurationChange, atSeconds: number): void {
	const { active, business_profile, default_return_url, features = {}, metadata, name } = change;
	if (active !== undefined) configuration.active = active;
	if (business_profile?.headline !== undefined) configuration.business_profile.headline = business_profile.headline;
	if (default_return_url !== undefined) configuration.default_return_url = default_return_url;
	if (name !== undefined) configuration.name = name;
	for (const [feature, given] of Object.entries(features)) {
		const known = Object.entries(given ?? {}).filter(([, value]) => value !== undefined);
		Object.assign(configuration.features[feature as keyof PortalConfiguration["features"]], Object.fromEntries(known));
	}
	configuration.metadata = mergedMetadata(configuration.metadata ?? {}, metadata);
	configuration.updated = atSeconds;
}
