import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { test } from "vitest";

test("a line logged by the Worker after the last test does not block the run", async () => {
	await runInDurableObject(env.CHAT_LIST.get(env.CHAT_LIST.idFromName("late")), () => {
		for (let ms = 0; ms < 400; ms += 1) setTimeout(() => console.error(`logged after ${ms} ms`), ms);
	});
});
