/** Properties of a conforming deployment. */
interface Circumstances {
	/** Default 5. */
	guestLimit?: number;
	/** The model's delay before its first word, in ms. Default: 5, and 250 for long answers. */
	firstTokenMs?: number;
	/** The network's pool has nothing left for guests. */
	poolUsedUp?: boolean;
	/** A guest without an answer needs a human check. */
	wantsHumans?: boolean;
	/** Every answer fails, and its unit is released. */
	modelFails?: boolean;
	/** Answers are complete at once. */
	instantModel?: boolean;
	/** Sign-up returns 429 with a retry in a minute. */
	signUpLimited?: boolean;
	/** Units of each model. Default 1 and 2. The last one has an effort that doubles its price. */
	weights?: number[];
}

/** Deliberate breaches. */
interface Flaws {
	/** Reports failing health. */
	isUnwell?: boolean;
	/** Lets scripts read the guest's cookie. */
	opensCookies?: boolean;
	/** Accepts a message of any length. */
	takesAnyLength?: boolean;
	/** Returns a page for a wrong method, as a framework does for an unknown route. */
	htmlForWrongVerb?: boolean;
	/** Returns a page for an unknown address under /api. */
	htmlForUnknown?: boolean;
	/** Accepts requests from pages of other sites. */
	trustsOtherSites?: boolean;
	/** Lets caches store GET /api/usage. */
	cachesUsage?: boolean;
	/** Gives a guest's window an end. */
	inventsReset?: boolean;
	/** Opens billing to anyone. */
	opensBilling?: boolean;
	/** Admits one more than the limit. */
	admitsOneMore?: boolean;
	/** Ignores holds, so that concurrent requests exceed the limit. */
	forgetsHolds?: boolean;
	/** Refuses without an upgrade URL. */
	namesNoNextStep?: boolean;
	/** Gives no cookie to a client that loaded no page. */
	needsPage?: boolean;
	/** Moves a guest's units at every sign-in. */
	carriesAgain?: boolean;
	/** Counts a resent request again. */
	countsDuplicates?: boolean;
	/** Identifies a request by its key only. */
	ignoresMessageId?: boolean;
	/** Does not compare the body of a resent key. */
	ignoresBody?: boolean;
	/** Returns the answer of a deleted chat. */
	remembersDeleted?: boolean;
	/** Refunds counted units when their chat is deleted. */
	refundsDeleted?: boolean;
	/** Lets any client join any chat's stream. */
	sharesStreams?: boolean;
	/** Shows any chat's page to any client. */
	sharesPages?: boolean;
	/** Omits the messages when the page is reloaded. */
	forgetsOnReload?: boolean;
	/** Does not count a regenerated answer. */
	regeneratesFree?: boolean;
	/** A second tab gets the running answer from its current position. */
	joinsLate?: boolean;
	/** A second tab gets nothing until the end, then everything at once. */
	buffersJoins?: boolean;
	/** Answers two messages of one chat concurrently. */
	answersMeanwhile?: boolean;
	/** Counts an answer stopped before its output. */
	countsEarlyStops?: boolean;
	/** Does not allow a new attempt after a stop. */
	neverTriesAgain?: boolean;
	/** Does not count an answer stopped after output. */
	forgivesStops?: boolean;
	/** Stops the answer when its client disconnects. */
	stopsWhenLeft?: boolean;
	/** Names no build in its health. */
	namesNoBuild?: boolean;
	/** Lets caches store its pages. */
	cachesPages?: boolean;
	/** Gives no guest cookie with the page. */
	givesNoCookie?: boolean;
	/** Refuses in plain JSON instead of problem+json. */
	plainProblems?: boolean;
	/** Does not say which methods an address supports. */
	hidesAllow?: boolean;
	/** Counts each reading of the usage. */
	countsReadings?: boolean;
	/** Reports more remaining than the limit leaves. */
	inflatesRemaining?: boolean;
	/** Gives a forged cookie an account. */
	trustsForgedCookies?: boolean;
	/** Describes why billing is closed. */
	explainsBilling?: boolean;
	/** Counts an invalid request. */
	countsBadInput?: boolean;
	/** Sends no RateLimit fields. */
	hidesRateLimit?: boolean;
	/** Admits one fewer than the limit. */
	admitsOneFewer?: boolean;
	/** Counts a refused request. */
	countsRefusals?: boolean;
	/** Lets scripts read the session cookie. */
	opensSession?: boolean;
	/** Leaves a guest's chats behind at sign-up. */
	leavesChats?: boolean;
	/** Leaves a guest's allowance open after sign-up. */
	keepsGuestOpen?: boolean;
	/** Gives free accounts a window of an hour. */
	shortensDay?: boolean;
	/** Lets any client delete any chat. */
	sharesDeletion?: boolean;
	/** Streams a finished answer again, instead of 204. */
	replaysFinished?: boolean;
	/** Ends a stopped answer like a finished one. */
	finishesStops?: boolean;
	/** Does not say whether a stop found an answer to stop. */
	stopsSilently?: boolean;
	/** Does not compare the price with `maxUnits`. */
	ignoresMaxUnits?: boolean;
	/** Refuses above `maxUnits` without the price. */
	hidesPrice?: boolean;
	/** Counts a request above its `maxUnits`. */
	countsAboveMaxUnits?: boolean;
	/** Leaves the units of a request above its `maxUnits` held. */
	holdsAboveMaxUnits?: boolean;
	/** Stores the chat of a request above its `maxUnits`. */
	storesAboveMaxUnits?: boolean;
	/** Counts one unit for every request. */
	countsOne?: boolean;
	/** Admits a request of any price while one unit is left. */
	admitsAtOneLeft?: boolean;
	/** Admits a request of any price while one unit is left, and counts what is left. */
	takesWhatIsLeft?: boolean;
	/** Refuses every request of more than one unit. */
	refusesDear?: boolean;
}

export type Traits = Circumstances & Flaws;
