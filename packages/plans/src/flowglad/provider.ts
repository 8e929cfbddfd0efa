import { join } from "node:path";
import { APIConnectionError, Flowglad } from "@flowglad/node";
import { type Access, stateFolder } from "../access.ts";
import type { PlanFile } from "../plan-file.ts";
import type { Provider } from "../reconcile.ts";
import { apply } from "./apply.ts";
import { diff, type Step } from "./diff.ts";
import { endpointNotes } from "./endpoint-notes.ts";
import { type Found, readCatalogue, readEndpoint } from "./found.ts";

const timeoutMs = 20_000;

/** Flowglad, compared with the plan file. With `appUrl` null, webhook endpoints are ignored. */
export function flowgladProvider(
	{ key, baseUrl }: Pick<Access, "key" | "baseUrl">,
	plans: PlanFile,
	appUrl: string | null,
): Provider<Step> {
	// Flowglad has no idempotency keys, so a retried creation would create a second object. A failed call is checked, not retried.
	// Null, not undefined: otherwise the SDK uses the environment's address, which may not match the key.
	const flowglad = new Flowglad({ apiKey: key, baseURL: baseUrl ?? null, timeout: timeoutMs, maxRetries: 0 });
	const webhookUrl = appUrl === null ? null : `${appUrl}/api/flowglad/webhook`;
	return {
		name: "Flowglad",
		async look() {
			const catalogue = await readCatalogue(flowglad);
			const notes = endpointNotes(join(stateFolder(), "flowglad-endpoints.json"), `${catalogue.pricingModelId} ${webhookUrl}`);
			const noted = webhookUrl === null ? null : notes.read();
			const endpoint = webhookUrl === null ? undefined : noted === null ? null : await readEndpoint(flowglad, noted);
			const found: Found = { ...catalogue, endpoint };
			return {
				differences: diff(plans, found, webhookUrl),
				seen: JSON.stringify(found),
				repair: (step) => apply({ flowglad, plans, found, webhookUrl, notes }, step),
			};
		},
	};
}

/** Whether a call failed because no connection to Flowglad could be made. */
export const isFlowgladUnreachable = (error: unknown) => error instanceof APIConnectionError;
