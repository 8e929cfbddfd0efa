import type { State } from "../../state.ts";
import { find } from "../find.ts";
import { newId } from "../ids.ts";
import type { PortalSession } from "../records.ts";

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
		configuration: request.configuration ?? "bpc_sandbox",
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
