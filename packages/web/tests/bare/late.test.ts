import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { test } from "vitest";

test("a line that the Worker logs after the last test does not keep the run waiting", async () => {
	await runInDurableObject(env.CHAT_LIST.get(env.CHAT_LIST.idFromName("late")), () => {
		for (let ms = 0; ms < 400; ms += 1) setTimeout(() => console.error(`logged after ${ms} ms`), ms);
	});
});
