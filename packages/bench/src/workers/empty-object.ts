/** An empty Durable Object. It measures the runtime's own memory per object. */
import { DurableObject, env } from "cloudflare:workers";

class Empty extends DurableObject {
	touch(): void {}
}

export { Empty as ChatList, Empty as Conversation, Empty as UsageLedger };

export default {
	async fetch(request: Request): Promise<Response> {
		const objects = Number(new URL(request.url).searchParams.get("objects"));
		for (let made = 0; made < objects; made += 1) {
			const object: unknown = env.CONVERSATION.get(env.CONVERSATION.newUniqueId());
			await (object as DurableObjectStub<Empty>).touch();
		}
		return new Response();
	},
};
