import type { FlowgladServer } from "@flowglad/server";
import { flowgladServer } from "./payments/flowglad/client.ts";
import { flowgladSettings } from "./payments/flowglad/settings.ts";

/**
 * A Flowglad server for one customer, under our own id of the user or organization (seeds 000 and 001); null without a key, as seed 001 promises.
 * Each of its calls ends after 10 s, or at the deadline of its operation (payments/deadline.ts).
 */
export function flowglad(customerExternalId: string): FlowgladServer | null {
	return flowgladSettings() === null ? null : flowgladServer(customerExternalId);
}
