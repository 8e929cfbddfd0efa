import { tellStory } from "../story/story.ts";

tellStory({
	provider: "stripe",
	model: "sandbox",
	reported: ({ stripe }) => stripe.meterEvents.map(({ identifier, payload }) => ({ name: identifier, units: Number(payload.value) })),
});
