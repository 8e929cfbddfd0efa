import { FlowgladServer } from "@flowglad/server";
import { getCustomerDetails } from "./payments/customers.ts";
import { clientOptions } from "./payments/flowglad/settings.ts";

/**
 * A Flowglad server for one customer, under our own id of the user or organization (seeds 000 and 001). Its calls may take 3 × 60 s, so code that
 * must not wait uses `adminClient` (payments/flowglad/client.ts).
 * @throws Error when no key is configured
 */
export function flowglad(customerExternalId: string): FlowgladServer {
	return new FlowgladServer({ ...clientOptions(), customerExternalId, getCustomerDetails });
}
