import { ComponentError } from '@sluice/contracts';

/** What `report()` of a pipeline says of deliveries that are under way. */
export interface InFlightReport {
  readonly credits: { readonly bytes: number; readonly batches: number };
  readonly stages: readonly { readonly name: string; readonly held: number }[];
  readonly unsettled: number;
}

/**
 * Asserts that a pipeline which has caught up, or was drained, holds nothing: no stage has kept a delivery, and all credit is
 * back. The error names each stage that has, which is how one finds an operator that loses deliveries.
 *
 * @throws ComponentError `TEST_DELIVERY_LEAKED`
 */
export function assertSettled({ credits, stages, unsettled }: InFlightReport): void {
  const holders = stages.filter(({ held }) => held > 0).map(({ name, held }) => `${name} holds ${held}`);
  if (holders.length === 0 && unsettled === 0 && credits.bytes === 0 && credits.batches === 0) return;
  const what = holders.length > 0 ? holders.join(', ') : `${unsettled} batches are not settled`;
  throw new ComponentError('TEST_DELIVERY_LEAKED', `${what}; ${credits.bytes} bytes of credit are out`, {
    details: { holders, unsettled, bytes: credits.bytes, batches: credits.batches },
  });
}
