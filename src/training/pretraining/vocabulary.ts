/**
 * Phrases that name what the generator draws, for training the built-in text encoder. Those held out are other forms
 * of the same words (plurals, compounds, inflections) and are never trained on, not even in other capitals, which the encoder
 * does not tell apart: they show whether forms that were not met land on the right structure.
 */
import type { Structure } from '../../generator/generated-image.ts';

export interface Phrases {
  readonly training: readonly string[];
  readonly heldOut: readonly string[];
}

/** Commas part the phrases; lines may break anywhere else. */
function phrases(training: string, heldOut: string): Phrases {
  const list = (text: string): string[] =>
    text.split(',').map((phrase) => phrase.trim().replace(/\s+/g, ' '));
  return { training: list(training), heldOut: list(heldOut) };
}

/**
 * By structure: English, Latin, German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Polish, Chinese and
 * Japanese. Where an image cannot tell arteries from veins its masks say so, not this table.
 */
export const VOCABULARY: Readonly<Record<Structure, Phrases>> = {
  vessel: phrases(
    `vessel, vessels, blood vessel, vasculature, vascular tree, vascular, vascular network, vessel tree, blood
     supply, capillary, capillaries, vessel segmentation, contrast-filled vessels, opacified vessels, coronary vessels,
     coronary tree, coronaries, retinal vessels, retinal vasculature, vessels of the retina, cerebral vessels,
     all blood vessels, the vessel, microvasculature, angiogram vessels, blood-vessel,
     vas sanguineum, vasa sanguinea, Gefäß, Blutgefäß, Blutgefäße, Gefäßbaum, Gefässe, Netzhautgefäße, Herzkranzgefäße,
     Kapillare, Kapillaren, vaisseau, vaisseaux sanguins, vaisseau sanguin, arbre vasculaire, vascularisation,
     vaisseaux rétiniens, capillaires, vaso, vaso sanguíneo, vasos sanguíneos, árbol vascular, vasos retinianos, capilar,
     vascolare, vaso sanguigno, vasi, albero vascolare, capillari, árvore vascular, vasos da retina, bloedvat, vaten,
     vaatboom, blodkärl, kärl, naczynie, naczynie krwionośne, 血管, 视网膜血管, 冠脉血管, 毛細血管`,
    `Blood Vessels, retinal blood vessels, retina vessel, coronary vessel, vascular trees, vascular structures,
     the vessels, blood vessel tree, bloodvessels, brain vessels, Gefäße, gefaess, Blutgefäßen, Gefäßbäume,
     Netzhautgefäß, Vaisseaux, vaisseau rétinien, vasos, Vasos Sanguineos, bloedvaten, vasi sanguigni, naczynia, 網膜血管`,
  ),
  artery: phrases(
    `artery, arteries, arterial, arterial tree, arteriole, arterioles, coronary artery, retinal artery,
     retinal arterioles, central retinal artery, carotid artery, cerebral arteries, left coronary artery,
     right coronary artery, left main artery, arterial vessels, arterial blood vessel, oxygenated vessels,
     branch artery, the arteries, arteria, arteriae, arteriola, arteria coronaria, Arterie, Schlagader,
     Koronararterie, Netzhautarterie, Herzkranzarterie, arteriell, Arteriole, Arterienbaum, artère,
     artères coronaires, artère rétinienne, artériel, artériole, réseau artériel, arterias, arteria coronaria izquierda,
     arteria retiniana, arterial tree of the retina, arterie, arterie coronarie, albero arterioso, artéria,
     artéria coronária, slagader, kransslagader, arteriën, artär, artärer, kranskärlsartär, tętnica, tętnica wieńcowa,
     动脉, 動脈, 冠状动脉, 網膜動脈`,
    `coronary arteries, retinal arteries, retinal arteriole, an artery, carotid arteries, cerebral artery, Arterien,
     Koronararterien, Netzhautarterien, Schlagadern, artères, artère coronaire, artères rétiniennes, artérioles,
     arterias coronarias, arterias retinianas, arteriola retiniana, artérias, slagaders, tętnice, 视网膜动脉`,
  ),
  vein: phrases(
    `vein, veins, venous, venous tree, venule, venules, retinal vein, retinal venules, central retinal vein,
     venous vessels, branch vein, cardiac vein, coronary sinus vein, cerebral veins, the veins, venous blood vessel,
     draining vein, deoxygenated vessels, vena, venae, venula, vena centralis retinae, Vene, Netzhautvene, venös,
     Blutader, Venole, Zentralvene, Venenbaum, veine, veine rétinienne, veines rétiniennes, veineux, veinule,
     réseau veineux, venas, vena retiniana, vénula, venoso, vene, vena retinica, albero venoso, veia, veia retiniana,
     vênula, ader, aderen, ven, vener, näthinneven, żyła, żyła siatkówki, 静脉, 静脈, 網膜静脈`,
    `retinal veins, retinal venule, a vein, cerebral vein, venous trees, Venen, Netzhautvenen, Venolen, veines,
     veinules, venas retinianas, vénulas, veias, veias retinianas, vene retiniche, żyły, 视网膜静脉`,
  ),
  catheter: phrases(
    `catheter, catheters, guiding catheter, guide catheter, diagnostic catheter, angiographic catheter, tube,
     catheter shaft, catheter tip, pigtail catheter, coronary catheter, the catheter, intravascular catheter,
     tubing, cannula, cathether, Katheter, Führungskatheter, Herzkatheter, Angiographiekatheter, Schlauch,
     cathéter, cathéter guide, sonde, tube du cathéter, catéter, catéter guía, catéteres, sonda, catetere,
     catetere guida, cateter, cateter guia, geleidekatheter, hartkatheter, katetrar, ledarkateter, cewnik, cewnik prowadzący,
     导管, カテーテル, 造影导管`,
    `guiding catheters, catheter tube, catheter tubing, tubes, diagnostic catheters, Katheters, Kathetern,
     Herzkatheters, cathéters, cathéters guides, cateteres, cateteri, kateter, katheters, cewniki`,
  ),
  'optic disc': phrases(
    `optic disc, optic disk, optic nerve head, papilla, optic papilla, blind spot, disc, optic nerve disc,
     the optic disc, optical disc, nerve head, disc of the optic nerve, head of the optic nerve, ONH,
     discus nervi optici, papilla nervi optici, Papille, Sehnervenpapille, Sehnervenkopf, blinder Fleck, Papilla,
     disque optique, papille optique, tête du nerf optique, tache aveugle, disco óptico, papila, papila óptica,
     cabeza del nervio óptico, punto ciego, disco ottico, papilla ottica, testa del nervo ottico, papila ótica,
     disco do nervo óptico, oogzenuwkop, papil, blinde vlek, synnervspapill, blinda fläcken, tarcza nerwu wzrokowego,
     视盘, 視神経乳頭, 视神经乳头, 盲点`,
    `optic discs, optic disks, optic nerve heads, optic-disc, discs, papillae, blind spots, disc of optic nerve,
     Papillen, Sehnervenpapillen, Sehnervpapille, blinden Fleck, papilles, papille du nerf optique, disques optiques,
     discos ópticos, papilas ópticas, disco optico, tarcza wzrokowa`,
  ),
  lesion: phrases(
    `lesion, lesions, haemorrhage, hemorrhage, haemorrhages, exudate, exudates, hard exudate, microaneurysm,
     microaneurysms, drusen, druse, cotton wool spot, cotton wool spots, retinal lesion, dot haemorrhage, blot hemorrhage,
     bleeding, soft exudates, retinopathy lesion, diabetic lesion, bright lesion, red lesions, lipid deposit,
     laesio, haemorrhagia, exsudatum, Läsion, Blutung, Netzhautblutung, Exsudat, harte Exsudate, Mikroaneurysma,
     Cotton-Wool-Herd, Drusen der Netzhaut, lésion, hémorragie, hémorragie rétinienne, exsudat, exsudats durs,
     microanévrisme, nodule cotonneux, lesión, lesiones, hemorragia, hemorragia retiniana, exudado, exudados duros,
     microaneurisma, lesione, emorragia, essudato, microaneurismi, lesão, lesões, exsudato, laesie, bloeding, exsudaat,
     netvliesbloeding, blödning, skada, zmiana chorobowa, krwotok, wysięk, mikrotętniak, 病变, 出血, 渗出, 微血管瘤, 病変`,
    `hemorrhages, retinal hemorrhage, retinal haemorrhages, hard exudates, soft exudate, retinal lesions, red lesion,
     bright lesions, dot haemorrhages, drusens, Läsionen, Blutungen, Netzhautblutungen, Exsudate, Mikroaneurysmen,
     lésions, hémorragies, exsudats, microanévrismes, hemorragias, exudados, microaneurismas, lesioni, emorragie,
     bloedingen, krwotoki`,
  ),
  bone: phrases(
    `bone, bones, rib, ribs, spine, skull, vertebra, vertebrae, vertebral column, backbone, rib cage, bony structures,
     skeleton, osseous, clavicle, sternum, scapula, spinal column, thoracic spine, cranial bone, the bones, costa,
     os, ossa, columna vertebralis, cranium, Knochen, Rippe, Wirbelsäule, Schädel, Wirbel, Brustkorb, Skelett,
     Schlüsselbein, Wirbelkörper, côte, colonne vertébrale, crâne, vertèbre, cage thoracique, squelette, hueso,
     costilla, costillas, columna vertebral, cráneo, vértebra, esqueleto, osso, costola, costole, colonna vertebrale,
     cranio, vertebre, ossos, costela, coluna vertebral, crânio, bot, botten, ribben, wervelkolom, schedel, wervel, ben,
     revben, ryggrad, kranium, kota, kość, żebro, kręgosłup, czaszka, kręg, 骨, 肋骨, 脊柱, 颅骨, 骨骼, 頭蓋骨`,
    `a rib, skulls, spines, bony structure, skull bone, rib bones, vertebral columns, vertebral body,
     thoracic vertebra, skeletal, Rippen, Knochens, Schädelknochen, Wirbelkörpern, Wirbelsäulen, côtes, vertèbres,
     crânes, huesos, vértebras, cráneos, costelas, ribbe, wervels, kości, żebra`,
  ),
};

/**
 * What no generated image holds: the answer is an empty mask. Words for things that are drawn or lie in the picture
 * without a mask (stent, guide wire, heart, lung, retina, macula, diaphragm) are in neither table.
 */
export const ABSENT_PHRASES: Phrases = phrases(
  `liver, tumour, tumor, lung nodule, kidney, kidneys, spleen, pancreas, gallbladder, stomach, bladder, prostate, uterus,
   ovary, bowel, colon, small intestine, duodenum, oesophagus, esophagus, trachea, bronchus, thyroid, adrenal gland,
   lymph node, muscle, tendon, ligament, cartilage, meniscus, fat, skin, mole, melanoma, naevus, hair, tooth, teeth,
   tongue, jaw, sinus, tonsil, larynx, ear, cochlea, nose, finger, hand, foot, knee joint, hip joint, brain tumour,
   grey matter, white matter, ventricle, hippocampus, cerebellum, pituitary gland, breast, breast mass, calcification,
   polyp, cyst, abscess, hernia, pneumonia, pneumothorax, pleural effusion, consolidation, emphysema, infiltrate,
   metastasis, carcinoma, lymphoma, glioma, stroke, infarct, oedema, edema, fetus, placenta, embryo, cell nucleus, cells,
   bacteria, mitochondria, gland, implant, pacemaker, screw, hip prosthesis, clip, needle, drain, electrode,
   endoscope, forceps, scissors, gauze, glove, text, letter, number, arrow, ruler, logo, car, dog, cat, horse, bird,
   tree in a garden, flower, house, road, person, face, chair, table, computer, phone, airplane, boat, bicycle, bus, river,
   mountain, cloud, sky, sun, moon, fruit, apple, bread, cup, bottle, book, shoe, hat, guitar, ball, window, door,
   Leber, Niere, Milz, Lungenrundherd, Zahn, Muskel, Magen, Darm, Harnblase, Gehirn, Lymphknoten, Zyste, Haut, Auto, Hund,
   Haus, Baum im Garten, foie, rein, tumeur, nodule pulmonaire, dent, muscle cardiaque, estomac, cerveau, vessie,
   kyste, peau, voiture, chien, maison, hígado, riñón, bazo, nódulo pulmonar, diente, músculo, estómago, cerebro, quiste,
   piel, coche, perro, casa, fegato, rene, milza, tumore, dente, cervello, fígado, baço, nier, lever, tand, hersenen,
   njure, tumör, wątroba, nerka, guz, ząb, 肝脏, 肾脏, 肿瘤, 歯, 脳, 汽车`,
  `livers, tumours, lung nodules, pancreatic, gallbladders, prostate gland, thyroid gland, lymph nodes, muscles,
   tendons, cysts, polyps, liver tumour, liver tumor, kidney tumour, kidney stone, breast masses, calcifications,
   metastases, cars, dogs, cats, houses, flowers, airplanes, Lebern, Nieren, Zähne, Muskeln, Lungenrundherde, Zysten,
   Autos, Hunde, tumeurs, dents, reins, voitures, riñones, tumores, dientes, nódulos pulmonares, músculos, perros,
   denti, nieren`,
);
