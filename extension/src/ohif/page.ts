import { SaltError } from '../../../src/protocol/errors.ts';
import { createWorkerBackend } from '../../../src/worker/client.ts';
import type { Managers } from '../host/ohif-types.ts';
import { createOhifViewer } from '../host/ohif-viewer.ts';
import { openSetStorage } from '../store/idb-storage.ts';
import { openOtherWindows } from '../store/windows.ts';
import { createSession } from '../workflow/session.ts';
import type { Session } from '../workflow/session.ts';
import { pluginFolder } from './addresses.ts';
import { readConfiguration } from './configuration.ts';
import { pageStrings } from './language.ts';
import { renewedViewer } from './renewed-viewer.ts';
import type { RenewedViewer } from './renewed-viewer.ts';

/** The one session of the page: OHIF takes panels and modes down freely, and a training run must outlive both. */
export class Page {
  #registered: { readonly managers: Managers; readonly configuration: unknown } | undefined;
  #starting: Promise<Session> | undefined;
  #session: Session | undefined;
  #viewer: RenewedViewer | undefined;

  /** At the extension's registration, when no mode is up and nothing can be started yet. */
  register(managers: Managers, configuration: unknown): void {
    this.#registered = { managers, configuration };
  }

  /** The session, once `start` has made it. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** To be called when a mode has been entered. */
  enterMode(): void {
    this.#viewer?.renew();
  }

  /**
   * To be called within a mode. A start that failed may be tried again.
   * @throws SaltError `VIEWER_UNSUPPORTED`, and `INVALID_ARGUMENT` for a configuration that cannot be used
   */
  start(): Promise<Session> {
    this.#starting ??= this.#create().catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  async #create(): Promise<Session> {
    if (this.#registered === undefined) {
      throw new SaltError(
        'VIEWER_UNSUPPORTED',
        'The viewer has not registered the SALT extension. Add it to "extensions" in app-config.js.',
      );
    }
    const { managers, configuration } = this.#registered;
    const { panel, engine } = readConfiguration(configuration, pluginFolder());
    this.#viewer ??= renewedViewer(() => createOhifViewer(managers));
    const { viewer } = this.#viewer;
    const storage = await openSetStorage();
    this.#session = createSession({
      viewer,
      storage,
      windows: openOtherWindows(),
      strings: pageStrings(),
      config: panel,
      backend: createWorkerBackend(engine),
    });
    const { keepNow } = this.#session;
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') void keepNow();
    });
    return this.#session;
  }
}
