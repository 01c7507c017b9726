import { useId, useState } from 'react';
import { Button } from '../common/Button.tsx';
import { Icon } from '../common/Icon.tsx';
import { useSession, useSlice } from '../session-context.ts';
import { colourOf } from '../word-colour.ts';

/** The words to look for; the chosen one is what the brush paints. */
export function WordPicker() {
  const { strings, words: actions } = useSession();
  const words = useSlice(({ settings }) => settings.words);
  const active = useSlice(({ settings, place }) => (place?.paintsOther ? undefined : settings.activeWord));
  const colours = useSlice((state) => state.colours);
  const [adding, setAdding] = useState(false);
  const s = strings.frames;
  return (
    <div role="group" aria-label={s.words}>
      <span className="salt-label">{s.words}</span>
      <div className="salt-row" data-wrap>
        {words.map((word, index) => (
          <span key={word} className="salt-chip" data-active={word === active ? '' : undefined}>
            <button
              type="button"
              aria-pressed={word === active}
              title={s.paintWord(word)}
              onClick={() => void actions.choose(word)}
            >
              <i
                className="salt-swatch"
                style={{ background: `rgb(${colourOf(colours, word, index).join(' ')})` }}
              />
              {word}
            </button>
            {words.length > 1 && (
              <button
                type="button"
                aria-label={s.removeWord(word)}
                title={s.removeWord(word)}
                onClick={() => void actions.remove(word)}
              >
                <Icon name="close" />
              </button>
            )}
          </span>
        ))}
        {!adding && (
          <Button kind="icon" label={s.addWord} onPress={() => setAdding(true)}>
            <Icon name="plus" />
          </Button>
        )}
      </div>
      {adding && <AddWord onDone={() => setAdding(false)} />}
    </div>
  );
}

function AddWord({ onDone }: { readonly onDone: () => void }) {
  const { strings, words, config } = useSession();
  const [text, setText] = useState('');
  const list = useId();
  const s = strings.frames;
  return (
    <form
      className="salt-row"
      style={{ marginTop: 6 }}
      onSubmit={(event) => {
        event.preventDefault();
        void words.add(text);
        onDone();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onDone();
      }}
    >
      <input
        className="salt-input salt-grow"
        aria-label={s.addWord}
        placeholder={s.addWordHint}
        list={list}
        maxLength={64}
        autoFocus
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <datalist id={list}>
        {config.suggestions.map((word) => (
          <option key={word} value={word} />
        ))}
      </datalist>
      <button type="submit" className="salt-button">
        {s.add}
      </button>
    </form>
  );
}
