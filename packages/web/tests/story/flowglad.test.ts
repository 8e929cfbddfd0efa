import { tellStory } from "./story.ts";

tellStory({
	provider: "flowglad",
	model: "demo",
	reported: ({ usageEvents }) => usageEvents.map(({ transactionId, amount }) => ({ name: transactionId, units: amount })),
});
