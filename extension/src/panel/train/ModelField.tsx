import { useState } from 'react';
import { baseModel } from '../../workflow/common/source.ts';
import { Button } from '../common/Button.tsx';
import { Field } from '../common/Field.tsx';
import { FilePick } from '../common/FilePick.tsx';
import { Icon } from '../common/Icon.tsx';
import { Progress } from '../common/Progress.tsx';
import { formatBytes } from '../../../../src/protocol/format-bytes.ts';
import { formatPercent } from '../format.ts';
import { useReason, useSession, useSlice } from '../session-context.ts';

const CHECKPOINTS = '.pth,.safetensors,.json,.bin';

/** The base model, and a place to add another. */
export function ModelField() {
  const session = useSession();
  const { strings } = session;
  const s = strings.train;
  const models = useSlice((state) => state.models);
  const chosen = useReason((state) => baseModel(state)?.id);
  const removable = models.find(({ id, origin }) => id === chosen && origin === 'stored');
  return (
    <>
      <Field label={s.model} help={s.help.model}>
        {({ id, helpId }) => (
          <div className="salt-row">
            <select
              id={id}
              className="salt-input salt-grow"
              aria-describedby={helpId}
              value={chosen ?? ''}
              onChange={({ target }) => session.change({ model: target.value })}
            >
              {models.map((model) => (
                <option key={model.id} value={model.id}>
                  {model.title} ({formatBytes(model.bytes, strings.locale)})
                </option>
              ))}
            </select>
            {removable && (
              <Button
                kind="icon"
                label={s.removeModel(removable.title)}
                onPress={() => session.adapters.removeModel(removable.id)}
              >
                <Icon name="bin" />
              </Button>
            )}
          </div>
        )}
      </Field>
      <AddModel />
    </>
  );
}

function AddModel() {
  const { strings, adapters } = useSession();
  const s = strings.train;
  const importing = useSlice((state) => state.importing);
  const [over, setOver] = useState(false);
  if (importing) {
    const fraction = importing.fraction;
    const text = s.importing(importing.title);
    return (
      <div>
        <p className="salt-dim">
          {text} {fraction !== null && formatPercent(strings.locale, fraction)}
        </p>
        <Progress label={text} fraction={fraction} text={text} />
      </div>
    );
  }
  return (
    <div
      className="salt-drop"
      data-over={over ? '' : undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        // The viewer would otherwise take it for an image.
        event.stopPropagation();
        setOver(false);
        const files = [...event.dataTransfer.files];
        if (files.length > 0) void adapters.importModel(files);
      }}
    >
      <FilePick kind="link" accept={CHECKPOINTS} multiple onFiles={adapters.importModel}>
        {s.addModel}
      </FilePick>
      <div>{s.drop}</div>
    </div>
  );
}
