import type { PaymentListResponse, PaymentRefundResponse, PaymentRetrieveResponse } from "@flowglad/node/resources/payments";
import { Hono } from "hono";
import { findById } from "../billing/find-by-id.ts";
import { refund } from "../billing/payments/refunds.ts";
import type { Env, World } from "../world.ts";
import { readBody } from "./body.ts";
import { pageOf } from "./page.ts";
import { withReceipt } from "./render.ts";
import { refundPaymentBody } from "./schemas.ts";

export function paymentRoutes(world: World) {
	return new Hono<Env>()
		.get("/payments", (c) => {
			const page = pageOf(c, world.state.payments);
			return c.json({ ...page, data: page.data.map((one) => withReceipt(one, c.req.url)) } satisfies PaymentListResponse);
		})
		.get("/payments/:id", (c) => {
			const payment = withReceipt(findById(world.state.payments, c.req.param("id"), "Payment"), c.req.url);
			return c.json({ payment } satisfies PaymentRetrieveResponse);
		})
		.post("/payments/:id/refund", async (c) => {
			const { partialAmount } = await readBody(c, refundPaymentBody);
			const payment = withReceipt(refund(world.state, c.req.param("id"), partialAmount ?? null, world.nowMs()), c.req.url);
			return c.json({ payment } satisfies PaymentRefundResponse);
		});
}
