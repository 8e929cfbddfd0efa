import type { Handler } from "hono";
import type { Env, World } from "../../world.ts";
import { find } from "../find.ts";
import type { StripeState } from "../state.ts";
import { expanded } from "./expand.ts";
import { noParams, read } from "./form.ts";

/** A handler that answers the record with the path's `:id`, or 404. `noun` names the record in the error. */
export function retrieve(world: World, recordsOf: (stripe: StripeState) => readonly { id: string }[], noun: string): Handler<Env, "/:id"> {
	return async (c) => {
		const { expand } = await read(c, noParams);
		return c.json(expanded(world.state, find(recordsOf(world.state.stripe), c.req.param("id"), noun), expand));
	};
}
