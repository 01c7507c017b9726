/** What the back end says in English, in German. */
import type { AnswerWarning } from '../../../src/protocol/answer-warning.ts';
import type { ErrorCode } from '../../../src/protocol/errors.ts';
import type { RunNote } from '../../../src/protocol/run-note.ts';

export const advice: Record<ErrorCode, string> = {
  INVALID_ARGUMENT:
    'Diese Eingabe kann nicht verwendet werden. Ändern Sie sie, und versuchen Sie es noch einmal.',
  FILE_UNREADABLE: 'Die Datei ist nicht lesbar oder nicht das, was ihr Name sagt. Wählen Sie eine andere.',
  FILE_UNWRITABLE:
    'Es konnte nicht gespeichert werden. Schaffen Sie Platz, und erlauben Sie der Seite das Speichern.',
  DICOM_INVALID: 'Diese DICOM-Daten sind fehlerhaft. Versuchen Sie es mit einer anderen Serie.',
  DICOM_UNSUPPORTED:
    'Diese Art von DICOM-Daten wird nicht unterstützt. Versuchen Sie es mit einer anderen Serie.',
  IMAGE_INVALID: 'Dieses Bild ist fehlerhaft. Versuchen Sie es mit einem anderen.',
  IMAGE_UNSUPPORTED: 'Diese Art von Bild wird nicht unterstützt. Versuchen Sie es mit einem anderen.',
  DATASET_INVALID:
    'Diese Bilder sind als Sammlung nicht brauchbar. Wählen Sie eine ZIP-Datei, die SALT exportiert hat.',
  CHECKPOINT_INVALID: 'Die Modelldatei ist beschädigt. Laden Sie sie noch einmal herunter.',
  CHECKPOINT_REFUSED: 'Die Modelldatei enthält mehr als Gewichte und wird deshalb nicht geöffnet.',
  CHECKPOINT_MISMATCH: 'Die Modelldatei passt nicht zu diesem Modell. Wählen Sie eine passende.',
  MODEL_UNKNOWN: 'Dieses Modell ist nicht (mehr) da. Wählen Sie unter „Erweitert“ ein anderes.',
  ADAPTER_INVALID:
    'Dieser Adapter kann nicht verwendet werden. Wählen Sie einen anderen, oder lernen Sie neu an.',
  GRAPH_INVALID:
    'Das Modell lässt sich nicht berechnen. Laden Sie die Seite neu, und versuchen Sie es noch einmal.',
  DEVICE_UNAVAILABLE:
    'Das gewünschte Gerät ist nicht verfügbar. Verwenden Sie ein aktuelles Chrome oder Edge mit Hardwarebeschleunigung.',
  DEVICE_LOST:
    'Die Verbindung zur Grafikkarte ging verloren. Versuchen Sie es noch einmal; angefangene Läufe lassen sich fortsetzen.',
  PAGE_INSECURE:
    'Browser lassen nur sichere Seiten Modelle laden, und diese kam unverschlüsselt von einem anderen Rechner. Öffnen Sie sie über https oder über localhost, z. B. durch einen Tunnel mit dem ssh-Befehl, der hier steht.',
  OUT_OF_MEMORY:
    'Der Speicher reicht nicht. Schließen Sie andere Programme und Tabs, oder wählen Sie ein kleineres Modell.',
  NOT_FINITE: 'Die Rechnung ist entgleist. Wählen Sie unter „Erweitert“ eine kleinere Lernrate.',
  CANCELLED: 'Abgebrochen.',
  RESUME_MISMATCH:
    'Dieser Lauf passt nicht mehr zu den Daten und lässt sich nicht fortsetzen. Starten Sie neu.',
  VERIFICATION_FAILED:
    'Die Selbstprüfung ist fehlgeschlagen. Laden Sie die Seite neu, und versuchen Sie es noch einmal.',
  DOWNLOAD_FAILED:
    'Das Herunterladen ist fehlgeschlagen. Prüfen Sie das Netz, und versuchen Sie es später noch einmal.',
  DOWNLOAD_REFUSED: 'Der Server gibt die Datei nicht heraus. Fragen Sie, wer ihn betreibt.',
  DOWNLOAD_INVALID: 'Der Server hat etwas anderes als die Datei geschickt. Fragen Sie, wer ihn betreibt.',
  HASH_MISMATCH: 'Die Datei ist nicht die veröffentlichte. Laden Sie sie noch einmal herunter.',
  MODEL_BUSY: 'Mit diesem Modell wird gerade gearbeitet. Warten Sie, oder schließen Sie andere Tabs.',
  VIEWER_UNSUPPORTED: 'Dieser Viewer ist zu alt für SALT. Fragen Sie, wer ihn betreibt.',
  VIEWER_STATE: 'Was dafür nötig ist, ist im Viewer nicht (mehr) geöffnet. Öffnen Sie die Serie noch einmal.',
  SAVE_FAILED:
    'Das Archiv hat die Segmentierung nicht angenommen. Prüfen Sie die Verbindung, und speichern Sie noch einmal.',
  SAVE_UNANSWERED:
    'Das Archiv hat fünf Minuten lang nicht geantwortet; vielleicht hat es die Segmentierung trotzdem. Ihre Masken sind noch im Viewer. Sehen Sie in der Studienliste nach, bevor Sie noch einmal speichern.',
};

/** Why an answer may not be what is expected. */
export function warning(about: AnswerWarning): string {
  switch (about.kind) {
    case 'not taught': {
      const { word, words, base, baseKnowsWords } = about;
      const known = words.map((other) => `„${other}“`).join(', ');
      return `Der Adapter wurde nicht auf „${word}“ angelernt, sondern auf ${known}. ${
        baseKnowsWords
          ? `Die Antwort beruht auf dem, was „${base}“ von diesem Wort weiß.`
          : `„${base}“ selbst kennt keine Wörter: Zu erwarten ist die Maske eines angelernten Wortes oder nichts Brauchbares.`
      }`;
    }
    case 'no words':
      return `„${about.base}“ hat nie Wörter gelernt: „${about.word}“ ändert nichts an seiner Maske. Lernen Sie zuerst einen Adapter an.`;
    case 'one word':
      return `Dieses U-Net kennt nur „${about.known}“: Das zeichnet es, wonach es auch gefragt wird („${about.word}“).`;
    case 'untrained':
      return 'Dieses U-Net wurde nicht trainiert: Seine Masken bedeuten nichts.';
  }
}

/** What happened to a run. */
export function runNote(note: RunNote): string {
  switch (note.kind) {
    case 'learnt before':
      return `Mit ${note.frames} von ${note.heldOut} Prüfbildern wurde im vorigen Lauf schon angelernt: Die Bewertung sieht besser aus, als sie ist. Halten Sie andere zurück, oder beginnen Sie neu.`;
    case 'no rest': {
      const { layerKind, layers, layersOfKind, rank, singularValues } = note;
      const some = `${layers} von ${layersOfKind} Schichten ${layers === 1 ? 'hat' : 'haben'}`;
      const who = layers === layersOfKind ? 'Die Schichten haben' : some;
      return `${layerKind}: ${who} nur ${singularValues} Singulärwerte, und Rang ${rank} war verlangt. Alle werden skaliert und verschoben; einen niedrigrangigen Teil gibt es nicht.`;
    }
    case 'no checkpoint':
      return 'Von diesem Lauf ist kein Stand gespeichert: Das Anlernen beginnt von vorn.';
    case 'checkpoint damaged':
      return `Der zuletzt gespeicherte Stand ist beschädigt: ${
        note.hasEarlier ? 'Der davor wird verwendet' : 'Das Anlernen beginnt von vorn'
      }.`;
    case 'device lost':
      return `Die Verbindung zur Grafikkarte ging verloren. Das Anlernen geht ${
        note.onProcessor ? 'auf dem Prozessor ' : ''
      }${note.step > 0 ? `bei Schritt ${note.step} weiter, der zuletzt gespeichert wurde` : 'von vorn los'}.`;
    case 'device gone':
      return 'Die Grafikkarte ist nicht mehr zu erreichen: Das Anlernen geht auf dem Prozessor weiter.';
    case 'preview off':
      return 'Die Vorschau wurde abgeschaltet; das Anlernen geht weiter.';
    case 'unsaved':
      return 'Der Stand des Anlernens konnte nicht gespeichert werden. Schaffen Sie Platz, und lassen Sie die Seite offen.';
    case 'shared patients':
      return 'Von manchen Patienten wird mit Bildern angelernt und mit anderen geprüft: Die Bewertung sieht besser aus, als sie ist.';
  }
}
