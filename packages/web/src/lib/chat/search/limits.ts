import { SEARCH_BOUNDS } from "@parley/plans/search-bounds";

/** Searches per answer, including uncharged ones. The model is then called once more, without the tool. */
export const SEARCHES_MAX = SEARCH_BOUNDS.searches;
/** Uncharged searches (failed, empty or refused by a limit) cost the deployer a model call each. After this many the tool is removed. */
export const UNPAID_MAX = SEARCH_BOUNDS.unpaid;
/** Results of one search passed to a model. */
export const RESULTS_MAX = 5;
/** Estimated tokens of these results together. */
export const RESULT_TOKENS_MAX = SEARCH_BOUNDS.resultTokens;
/** A model does not search if there is less room than this for results. */
export const RESULT_TOKENS_MIN = 200;
