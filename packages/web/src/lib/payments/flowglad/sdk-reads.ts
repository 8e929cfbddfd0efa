import { supabaseEdgeHandler } from "@flowglad/server/supabase";
import { logFailure } from "../../../log.ts";
import type { SdkAnswer } from "../port.ts";
import { flowgladServer } from "./client.ts";
import { clientOptions } from "./settings.ts";

const BASE_PATH = "/api/flowglad";

/** Answers a read of `@flowglad/react` with the SDK's own handler. */
export async function readForSdk(externalId: string, path: string, body: string): Promise<SdkAnswer> {
	const send = async () => {
		const request = new Request(`https://sdk.invalid${BASE_PATH}/${path}`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body,
		});
		const answer = await sdkHandler(externalId, request);
		const text = await answer.text();
		return { status: providerStatus(answer.status, text), body: text };
	};
	const answer = await send();
	// Two first visits raced to create the customer, so it exists now.
	return answer.status === 409 ? send() : answer;
}

function sdkHandler(externalId: string, request: Request): Promise<Response> {
	return supabaseEdgeHandler({
		...clientOptions(),
		basePath: BASE_PATH,
		getCustomerExternalId: async () => externalId,
		flowglad: flowgladServer,
		onError: (error) => logFailure("flowglad route", error),
	})(request);
}

/** The provider's status behind an answer of the SDK's handler, which turns most of them into a 500 with a code. */
function providerStatus(status: number, body: string): number {
	const code = status === 500 ? /"code":"(\d{3})"/.exec(body)?.[1] : undefined;
	return code ? Number(code) : status;
}
