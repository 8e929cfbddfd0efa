/**
 * The product's built UsageLedger behind a minimal Worker. Each request is one hold and one settle on the object that the query names.
 * `src/build.ts` puts this module in front of the build's index.js.
 */
import { env } from "cloudflare:workers";

export { ChatList, Conversation, UsageLedger } from "../../../web/src/server.ts";

export default {
	async fetch(request: Request): Promise<Response> {
		const query = new URL(request.url).searchParams;
		const key = query.get("key") ?? "";
		const ledger = env.USAGE_LEDGER.getByName(key);
		if (query.has("refresh")) {
			await ledger.refresh(key);
			return Response.json(await ledger.usage(key));
		}
		const id = crypto.randomUUID();
		const { outcome } = await ledger.hold(key, { id, fingerprint: "", units: 1, chatId: null });
		if (outcome.kind !== "held") return Response.json(outcome, { status: 429 });
		const ended = await ledger.settle(id);
		return new Response(null, { status: ended.kind === "ended" ? 204 : 500 });
	},
};
