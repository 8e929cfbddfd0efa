/** Webhook endpoints created through the API. They are stored and never called. */
import { randomBytes } from "node:crypto";
import type { z } from "zod";
import type { State } from "../../state.ts";
import { findById } from "../find-by-id.ts";
import { newRecord } from "../ids.ts";
import type { CatalogueBodies } from "./bodies.ts";
import { organizationId, pricingModelId } from "./catalogue.ts";
import { given, requireModel } from "./change.ts";
import type { WebhookEndpoint } from "./records.ts";
import { catalogueOf, changeableCatalogue } from "./stored.ts";

type Body<Name extends keyof CatalogueBodies> = z.infer<CatalogueBodies[Name]>;

/** Creates an endpoint. Only this answer contains its secret. */
export function createWebhookEndpoint(state: State, { webhook }: Body<"createWebhook">, atMs: number) {
	requireModel(webhook.pricingModelId);
	const record: WebhookEndpoint = { ...newRecord("webhook", atMs), ...webhook, organizationId, pricingModelId };
	changeableCatalogue(state).webhookEndpoints.push(record);
	return { webhook: record, secret: `whsec_${randomBytes(24).toString("base64")}` };
}

/** Changes the fields given. */
export function updateWebhookEndpoint(state: State, id: string, { webhook }: Body<"updateWebhook">, atMs: number): WebhookEndpoint {
	findById(catalogueOf(state).webhookEndpoints, id, "Webhook");
	const record = findById(changeableCatalogue(state).webhookEndpoints, id, "Webhook");
	return Object.assign(record, given(webhook), { id, updatedAt: atMs });
}
