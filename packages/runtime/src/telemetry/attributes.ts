/** Names of the attributes that metrics and spans carry. None of them ever holds an event's id, key or data. */
export const ATTRIBUTES = {
  /** The pipeline's name. */
  pipeline: 'sluice.pipeline',
  /** The sink's name. */
  sink: 'sluice.sink',
  /** The lane's name; `other` for those above the limit (`maxMeasuredLanes`). */
  lane: 'sluice.lane',
  /** A stage of the pipeline, as the report names it. */
  stage: 'sluice.stage',
  /** The state of a pipeline or of a breaker. */
  state: 'sluice.state',
  /** `ok` or `failed`. */
  outcome: 'sluice.outcome',
  /** The code of an error, `UNKNOWN` for an error that is not of this project, `OTHER` above 500 codes. */
  error: 'error.type',
} as const;
