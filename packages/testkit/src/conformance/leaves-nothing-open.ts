import { trackResources } from '../leak/track-resources.js';

/** Opens, uses and closes something twice; what the second life has opened must be closed after it. */
export async function leavesNothingOpen<S extends AsyncDisposable>(
  open: () => S,
  use: (opened: S) => Promise<unknown>,
): Promise<void> {
  const life = async () => {
    await using opened = open();
    await use(opened);
  };
  await life();
  using tracker = trackResources();
  await life();
  await tracker.assertNoLeaks();
}
