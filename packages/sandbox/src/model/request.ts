import { z } from "zod";

const content = z.union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() })), z.null()]);

/** A chat completion request. Fields the sandbox does not read are allowed. */
export const completionBody = z.looseObject({
	model: z.string(),
	messages: z.array(z.looseObject({ role: z.string(), content: content.optional() })).min(1),
	stream: z.boolean().optional(),
});

export type Message = z.infer<typeof completionBody>["messages"][number];

/** One request as the state keeps it. */
export interface ModelCall {
	atMs: number;
	model: string;
	messages: Message[];
	/** The other fields of the body. */
	fields: Record<string, unknown>;
	/** Path and query of the request. */
	url: string;
	headers: Record<string, string>;
	/** Whether the client left before the end of the answer. */
	aborted: boolean;
}
