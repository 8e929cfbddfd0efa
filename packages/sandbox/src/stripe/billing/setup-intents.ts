import type { State } from "../../state.ts";
import { clientSecret, newId } from "../ids.ts";
import type { SetupIntent } from "../records.ts";

/** Records a setup intent that has saved a payment method. */
export function createSetupIntent(state: State, customerId: string, methodId: string, atSeconds: number): SetupIntent {
	const id = newId("seti");
	const intent: SetupIntent = {
		id,
		object: "setup_intent",
		allowed_payment_method_types: null,
		application: null,
		automatic_payment_methods: null,
		cancellation_reason: null,
		client_secret: clientSecret(id),
		created: atSeconds,
		customer: customerId,
		description: null,
		excluded_payment_method_types: null,
		flow_directions: null,
		last_setup_error: null,
		latest_attempt: null,
		livemode: false,
		mandate: null,
		metadata: {},
		next_action: null,
		on_behalf_of: null,
		payment_method: methodId,
		payment_method_configuration_details: null,
		payment_method_options: null,
		payment_method_types: ["card"],
		single_use_mandate: null,
		status: "succeeded",
		usage: "off_session",
	};
	state.stripe.setupIntents.push(intent);
	return intent;
}
