import type { AiBinding } from "../../../config.ts";

/** HTTP statuses for binding errors that are not the request's fault (Cloudflare's documentation, "Workers AI errors"). */
const STATUS_OF: Readonly<Record<string, number>> = { "3036": 402, "3040": 429, "3007": 408, "5007": 404 };

/** Sends a chat request through the binding as if it were a URL. Fields unknown to it are omitted. */
export function sendTo(binding: AiBinding): (url: string, init: RequestInit) => Promise<Response> {
	return async (_, { body, signal }) => {
		const { model, stream_options: __, safety_identifier: ___, ...input } = JSON.parse(String(body));
		try {
			const answer = await binding.run(model, input, { signal });
			return answer instanceof ReadableStream ? new Response(answer) : Response.json(answer);
		} catch (error) {
			const message = error instanceof Error ? error.message : "";
			return Response.json({ error: { message } }, { status: STATUS_OF[/^\D*(\d{4})\b/.exec(message)?.[1] ?? ""] ?? 500 });
		}
	};
}
