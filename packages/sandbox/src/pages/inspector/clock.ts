import { periodEndMs } from "../../billing/subscriptions/periods.ts";
import { nextDue } from "../../clock/apply-due.ts";
import { moveClock } from "../../clock/clock.ts";
import type { World } from "../../world.ts";
import { timeText } from "../layout.ts";
import { answerForm, followedBy, formRoutes } from "./shell.ts";

const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;

/** The clock buttons of every inspector page. */
export function clockForms(world: World) {
	return formRoutes().post("/clock", async (c) => {
		const { to, back } = await c.req.parseBody();
		const nowMs = world.nowMs();
		switch (to) {
			case "hour":
				moveClock(world, { advanceMs: hourMs });
				break;
			case "tomorrow":
				moveClock(world, { nowMs: (Math.floor(nowMs / dayMs) + 1) * dayMs });
				break;
			case "week":
				moveClock(world, { advanceMs: 7 * dayMs });
				break;
			case "month":
				moveClock(world, { nowMs: periodEndMs(nowMs, nowMs, { intervalUnit: "month", intervalCount: 1 }) });
				break;
			case "next":
				moveClock(world, { nowMs: Math.max(nowMs, nextDue(world.state)?.atMs ?? nowMs) });
				break;
			case "freeze":
			case "thaw":
				moveClock(world, { frozen: to === "freeze" });
				break;
			case "today":
				moveClock(world, { frozen: false });
				moveClock(world, { offsetMs: 0 });
				break;
			default:
				return c.text("Unknown time", 400);
		}
		await world.commit();
		return answerForm(c, back, `It is ${timeText(world.nowMs())} now.${await followedBy(world)}`);
	});
}
