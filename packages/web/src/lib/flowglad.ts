import { Flowglad } from "@flowglad/node";
import { FlowgladServer } from "@flowglad/server";
import { getCustomerDetails } from "./payments/customers.ts";
import { CALL_MAX_MS } from "./payments/deadline.ts";
import { clientOptions } from "./payments/flowglad/settings.ts";

/**
 * A Flowglad server for one customer, under our own id of the user or organization (seeds 000 and 001). Each of its calls ends after 10 s, or at the
 * deadline of its operation (payments/deadline.ts).
 * @throws Error when no key is configured
 */
export function flowglad(customerExternalId: string): FlowgladServer {
	const server = new FlowgladServer({ ...clientOptions(), customerExternalId, getCustomerDetails });
	// The SDK has no option for its fetch, which would wait for a stalled body for ever (deadline.test.ts). Its retries multiply the calls of a failure.
	Reflect.set(server, "flowgladNode", new Flowglad({ ...clientOptions(), timeout: CALL_MAX_MS, maxRetries: 0 }));
	return server;
}
