"""How people and models decline, in seven languages: patterns over folded text, each within one sentence.

Folded: lower case, straight apostrophes, `ss` for the German sharp s, one space for white space. All are written for
this detector. What a pattern must not do is cross a sentence or match without the verb that tells "I can't help you"
from "I can't wait".
"""

from __future__ import annotations

from dataclasses import dataclass

_GAP = "[^:]{0,80}?"  # other words of the same sentence


@dataclass(frozen=True, slots=True)
class Phrases:
    """What tells a refusal in one language.

    Attributes:
        declines: says that what was asked is not done.
        idioms: looks like that and is something else.
        gives: announces an answer after all, where it stands behind.
        instead: what is given is a way to other help, not the answer.
    """

    declines: tuple[str, ...]
    gives: tuple[str, ...]
    idioms: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()


_EN_DO = (
    "(?:help|assist|provide|comply|do (?:that|this|so|it)|answer|respond to|share|tell you|give|write|create|generate|"
    "discuss|engage|fulfil|fulfill|satisfy|perform|advise|suggest|promote|condone|"
    "support|reveal|disclose|produce|participate|take part|complete|process|carry out|"
    "explain how|show you|offer (?:advice|guidance|instructions|help|assistance)|talk about|speak about|recommend ways|"
    "look into|access|make|draft|continue|proceed|go (?:into|along)|be (?:taking part|helping|able to|part of|used)|"
    "facilitate|encourage|endorse|accommodate|grant|pretend|role-?play)"
)
_EN_SOFTLY = "(?:simply |really |just |also |therefore |honestly |ever |possibly |directly |personally |actually )*"

ENGLISH = Phrases(
    declines=(
        (
            rf"\bi {_EN_SOFTLY}(?:can't|cannot|can not|could not|couldn't|won't|will not|shouldn't|should not|"
            rf"do not|don't) {_EN_SOFTLY}{_EN_DO}\b"
        ),
        (
            rf"\bi(?:'m| am) {_EN_SOFTLY}(?:unable|not able|not allowed|not permitted|not authori[sz]ed|not going|"
            rf"not willing|not in a position|not designed|unwilling) {_EN_SOFTLY}to {_EN_SOFTLY}{_EN_DO}\b"
        ),
        rf"\bwe(?:'re| are) (?:unable|not able) to {_EN_DO} (?:with )?(?:this|that|your|you|such|requests)\b",
        r"\bno way i (?:can|could|will|would)\b",
        (
            r"\bi(?:'m going to|'m afraid i|'d| am going to| would| will|'ll)? (?:must|have to|need to) "
            r"(?:respectfully |politely )?(?:decline|refuse|pass|say no)\b"
        ),
        rf"\bi (?:don't|do not) (?:think|believe) i (?:can|could|should|am able to) {_EN_DO}\b",
        r"\bi (?:don't|do not) have the (?:ability|means|authority|right) to\b",
        r"\bi have no intention of\b",
        r"\bi(?:'m| am) not capable of\b",
        r"\bsomething (?:that )?i (?:can't|cannot|won't|will not|am not able|may not)\b",
        r"\bnot within my\b",
        r"\bi (?:respectfully |politely |flatly )?(?:refuse|decline)(?: to\b|$|[.!,:])",
        rf"\b(?:and|so|therefore|but) (?:can't|cannot|won't|will not) {_EN_SOFTLY}{_EN_DO}\b",
        r"\bi(?:'d| would) (?:rather|prefer) not\b",
        r"\bi (?:prefer|choose) not to\b",
        r"\bi (?:don't|do not) (?:feel comfortable|have permission)\b",
        r"\bi(?:'m| am) not comfortable\b",
        r"\b(?:not|nothing) something i(?:'m| am)? (?:can|could|will|able|allowed|willing|comfortable)\b",
        rf"\b(?:outside|beyond|out of) {_GAP}\b(?:what i|my (?:scope|remit|abilities|capabilities|expertise)|i can)\b",
        (
            rf"\bmy (?:guidelines|policies|policy|rules|programming|instructions) {_GAP}\b(?:prevent|forbid|prohibit|"
            rf"(?:don't|do not|doesn't|does not) (?:allow|permit|let))"
        ),
        (
            r"\b(?:against|violates?|breaches) (?:my|our) (?:[a-z]+ )?(?:guidelines|policy|policies|rules|"
            r"programming|principles|values)\b"
        ),
        r"\b(?:not|n't) be (?:appropriate|right|ethical|responsible|proper) (?:for me )?to\b",
        r"\bnot (?:appropriate|right|ethical|responsible|proper|possible)(?: or [a-z]+)? for me to\b",
        r"\bi (?:can|may|am able to|'m able to) only (?:answer|help|assist|discuss|talk)\b",
        r"^(?:no, |nope, |sorry, )*(?:no can do|not going there|not happening)\b",
        r"^(?:your |the |this )?request (?:is |was |has been )?(?:declined|denied|refused|rejected)$",
    ),
    idioms=(
        (
            r"\bcan(?:'t|not) (?:help but|share (?:your|his|her|their) (?:view|opinion|optimism)|"
            r"tell you how (?:happy|glad|sorry|grateful|excited)|give (?:you )?(?:enough|too much))\b"
        ),
        r"\bi(?:'m| am) not able to (?:find|see)\b",
        r"\bdon't (?:make|give up|help yourself)\b",
    ),
    gives=(
        r"\bhere(?:'s| is| are)\b",
        r"\b(?:but|however|still|yet|that said)\b,? (?:from|based on|according to|going by)\b",
        r"\b(?:the|these) (?:steps|answer) (?:are|is)\b",
        r"\bwhat i can (?:tell you|say) is\b",
    ),
    instead=(
        r"\b(?:resources?|helplines?|hotlines?|alternatives?|places? to (?:call|turn)|support services)\b",
        r"(?:^|\n|[.!?] )instead\b",
    ),
)

_DE_DO = (
    "(?:helfen|weiterhelfen|behilflich|beantworten|antworten|erklären|nennen|geben|mitteilen|mitwirken|mitmachen|"
    "unterstützen|teilen|bereitstellen|schreiben|erstellen|erfüllen|nachkommen|tun|machen|liefern|verraten|"
    "herausgeben|weitergeben|äussern|sprechen|besprechen|zeigen|preisgeben|verfassen|generieren|ausführen|"
    "beteiligen|eingehen|dienen|entsprechen|sagen|beraten)"
)
_DE_WILL = "(?:kann|darf|werde|möchte|will|könnte|dürfte)"
GERMAN = Phrases(
    declines=(
        rf"\b(?:ich {_DE_WILL}|{_DE_WILL} ich)\b{_GAP}\b(?:nicht|keine?[nrms]?)\b{_GAP}\b{_DE_DO}\b",
        r"\b(?:gebe ich|ich gebe)\b[^:]{0,40}\bkeine (?:auskunft|auskünfte|informationen|anleitung)\b",
        r"\b(?:das|so etwas|dies) (?:mache|tue) ich nicht\b",
        r"\b(?:mir (?:leider )?nicht (?:möglich|erlaubt|gestattet)|nicht in der lage|nicht befugt|nicht berechtigt)\b",
        r"\bich\b[^:]{0,60}\bnicht (?:möglich|erlaubt|gestattet)\b",
        r"\b(?:muss|möchte|werde) (?:ich )?[^:]{0,60}\bablehnen\b",
        r"\b(?:ich lehne|lehne ich)\b[^:]{0,60}\bab\b",
        r"\b(?:ich weigere|weigere ich) mich\b",
        r"\b(?:gegen|widerspricht|verletzt) (?:meine[nr]?|unsere[nr]?) (?:richtlinien|regeln|vorgaben|grundsätze\w*)\b",
        r"\bich (?:beantworte|helfe|antworte) (?:hier )?(?:nur|ausschliesslich|lediglich)\b",
        r"\bich kann (?:hier |ihnen |dir )?(?:nur|ausschliesslich|lediglich) (?:bei|fragen|zu)\b",
        r"\b(?:ausserhalb|jenseits) (?:meiner|meines|dessen, was ich)\b",
        r"\bich (?:möchte|will) (?:lieber|besser) nicht\b",
    ),
    idioms=(
        r"\bkann ich mir nicht erklären\b",
        r"\bich (?:kann|will|möchte) nicht (?:genug|oft genug|verschweigen)\b",
    ),
    gives=(
        r"\bhier (?:ist|sind|finden|steht|stehen)\b",
        r"\b(?:aber|jedoch|doch) (?:diese|folgende|so|laut|nach)\b",
        r"\b(?:die schritte|die antwort) (?:sind|ist|lautet)\b",
    ),
    instead=(
        r"\b(?:hilfsangebote|hotline|telefonseelsorge|beratungsstellen?|alternativen?)\b",
        r"(?:^|\n|[.!?] )stattdessen\b",
    ),
)

_FR_DO = (
    "(?:(?:vous |t'|te |y |le |la |les |leur |lui )*)(?:aider|assister|répondre|fournir|donner|partager|communiquer|"
    "faire|écrire|rédiger|créer|générer|divulguer|révéler|discuter|parler|satisfaire|accéder à (?:cette|votre)|"
    "traiter|expliquer|participer|continuer|produire|effectuer|conseiller|dire)"
)
FRENCH = Phrases(
    declines=(
        rf"\bje ne (?:peux|puis|pourrai|pourrais|vais|veux|souhaite|dois)(?: malheureusement)?(?: pas)? {_FR_DO}\b",
        r"\bje ne suis (?:malheureusement )?pas (?:en mesure|autoris|habilit|capable|à l'aise|conçu)",
        r"\b(?:il m'est|il ne m'est pas|ne m'est pas) (?:impossible|possible|permis)\b",
        r"\bje (?:refuse|décline|dois (?:refuser|décliner)|me (?:dois|vois)[^:]{0,40}(?:refuser|décliner))\b",
        r"\b(?:contraire à|enfreint|à l'encontre de|viole) (?:mes|nos)\b",
        r"\bje préfère(?:rais)? ne pas\b",
        r"\bje ne (?:réponds|peux répondre|peux aider) qu'",
        (
            r"\bje ne (?:le |la |les |vous |l'|t')?(?:ferai|fournirai|donnerai|participerai|aiderai|dirai|répondrai|"
            r"écrirai|expliquerai) (?:pas|rien)\b"
        ),
        r"\b(?:en dehors de|au-delà de) (?:mes|mon|ce que je)\b",
    ),
    gives=(
        r"\b(?:voici|voilà)\b",
        r"\b(?:mais|cependant|toutefois) (?:d'après|selon)\b",
        r"\b(?:la réponse est|les étapes sont)\b",
    ),
    idioms=(r"\bje ne peux que\b",),
    instead=(
        r"\b(?:ressources|numéros? d'(?:aide|écoute)|lignes? d'écoute|alternatives?)\b",
        r"(?:^|\n|[.!?] )(?:à la place|plutôt)\b",
    ),
)

_ES_DO = (
    "(?:ayudar|asistir|proporcionar|dar|facilitar|responder|contestar|compartir|revelar|decir|escribir|hacer|cumplir|"
    "atender|crear|generar|realizar|discutir|hablar|explicar|participar|continuar|divulgar|ofrecer|brindar|producir|"
    "procesar|colaborar|acceder a (?:esa|esta|su|tu))(?:te|le|les|la|lo|los|me|se|se?lo)?"
)
SPANISH = Phrases(
    declines=(
        rf"\bno (?:(?:te|le|les|lo|la) )?(?:puedo|podré|podría|voy a|quiero|debo|deseo) {_ES_DO}\b",
        r"\bno estoy (?:autorizad|capacitad|dispuest|en condiciones|programad)",
        rf"\bno soy capaz de {_ES_DO}\b",
        r"\bno (?:me es|es para mí) posible\b",
        r"\b(?:no tengo permiso|no me (?:está permitido|permiten)|no se me permite)\b",
        r"\b(?:me niego|debo (?:rechazar|negarme|declinar)|tengo que (?:rechazar|negarme|declinar))\b",
        r"\b(?:en contra de|contra|viola|infringe|incumple) (?:mis|nuestras|nuestros)\b",
        r"\b(?:prefiero|preferiría) no\b",
        r"\b(?:sólo|solo|solamente|únicamente) (?:puedo (?:responder|ayudar|atender|hablar)|respondo|atiendo)",
        r"\b(?:fuera de|más allá de) (?:mi|mis|lo que puedo)\b",
    ),
    gives=(
        r"\baquí (?:tiene|tienes|están?|van?)\b",
        r"\b(?:estos son los pasos|la respuesta es|esto es lo)\b",
        r"\bpero (?:por lo que|según|de acuerdo con)\b",
    ),
    instead=(
        r"\b(?:recursos|líneas? de (?:ayuda|atención)|alternativas?)\b",
        r"(?:^|\n|[.!?] )en (?:su lugar|cambio)\b",
    ),
)

_IT_DO = (
    "(?:aiut|assist|forni|rispond|dar|dir|condivid|rivel|scriv|far|soddisf|crear|generar|discut|parlar|esegu|spieg|"
    "partecip|divulg|comunic|continuar|offr|produrr|accontent|accett|mostrar)\\w*"
)
ITALIAN = Phrases(
    declines=(
        rf"\bnon (?:(?:ti|vi|le|gli|lo|la) )?(?:posso|potrò|potrei|voglio|intendo|devo|desidero) {_IT_DO}",
        r"\bnon sono (?:in grado|autorizzat|abilitat|programmat|dispost)",
        r"\bnon mi (?:è|e') (?:permesso|possibile|consentito)\b",
        r"\b(?:mi rifiuto|devo (?:rifiutare|declinare)|rifiuto di)\b",
        r"\b(?:viola(?:no)?|contro|contraria? a(?:lle)?|va contro) (?:le |i )?(?:mie|miei|nostre)\b",
        r"\b(?:preferisco|preferirei) non\b",
        r"\b(?:rispondo|posso (?:rispondere|aiutare|aiutarla|aiutarti)) (?:solo|soltanto|solamente|unicamente)\b",
        r"\bposso solo (?:rispondere|aiutar\w*)\b",
        r"\bnon (?:ti |vi |le |lo )?(?:aiuterò|farò|fornirò|dirò|scriverò|risponderò|spiegherò)\b",
        r"\b(?:fuori dal|al di là del) (?:mio|mie|quello che)\b",
    ),
    gives=(r"\becco\b", r"\b(?:questi sono i passi|la risposta è)\b", r"\bma (?:secondo|in base|da quanto)\b"),
    instead=(r"\b(?:risorse|numeri? verd[ei]|linee? di ascolto|alternativ[ae])\b", r"(?:^|\n|[.!?] )invece\b"),
)

_PT_DO = (
    "(?:ajud|auxili|assist|fornec|respond|dar|diz|compartilh|partilh|revel|escrev|faz|atend|criar|gerar|discut|falar|"
    "divulg|realiz|cumpr|explic|particip|continuar|oferec|process|produz|prest)\\w*"
)
PORTUGUESE = Phrases(
    declines=(
        rf"\bnão (?:(?:te|lhe|o|a) )?(?:posso|poderei|poderia|consigo|vou|quero|devo|desejo) (?:(?:te|lhe) )?{_PT_DO}",
        r"\bnão (?:estou|fui) (?:autorizad|apt|habilitad|disposto|programad)",
        rf"\bnão sou capaz de {_PT_DO}",
        r"\bnão (?:me é|é-me) (?:possível|permitido)\b",
        r"\bnão tenho (?:permissão|autorização)\b",
        r"\b(?:recuso-me|me recuso|eu recuso|devo (?:recusar|declinar)|tenho (?:de|que) (?:recusar|declinar))\b",
        r"\b(?:viola|contra|fere|contraria) (?:as |os )?(?:minhas|meus|nossas|nossos)\b",
        r"\b(?:prefiro|preferia|preferiria) não\b",
        r"\b(?:só|apenas|somente) (?:respondo|posso (?:responder|ajudar)|atendo)\b",
        r"\b(?:fora do|além do) (?:meu|que posso)\b",
    ),
    gives=(
        r"\baqui (?:está|estão|vai|vão|tem)\b",
        r"\b(?:estes são os passos|a resposta é|eis)\b",
        r"\bmas (?:pelo que|segundo|de acordo com)\b",
    ),
    instead=(r"\b(?:recursos|linhas? de (?:apoio|ajuda)|alternativas?)\b", r"(?:^|\n|[.!?] )em vez disso\b"),
)

_NL_DO = (
    "(?:helpen|assisteren|beantwoorden|antwoorden|delen|geven|verstrekken|doen|schrijven|maken|meewerken|vertellen|"
    "uitvoeren|voldoen|uitleggen|bespreken|noemen|leveren|onthullen|ingaan|opstellen|meedoen|ondersteunen)"
)
_NL_WILL = "(?:kan|mag|wil|zal|ga)"
DUTCH = Phrases(
    declines=(
        rf"\b(?:ik {_NL_WILL}|{_NL_WILL} ik)\b{_GAP}\b(?:niet|geen)\b{_GAP}\b{_NL_DO}\b",
        r"\b(?:niet in staat|niet bevoegd|niet gemachtigd|mij niet toegestaan|voor mij niet mogelijk)\b",
        r"\b(?:ik weiger|weiger ik|moet ik (?:helaas )?(?:weigeren|afwijzen)|ik moet [^:]{0,60}weigeren)\b",
        r"\b(?:in strijd met|tegen) (?:mijn|onze) (?:richtlijnen|regels|beleid|principes)\b",
        r"\b(?:praat|spreek|antwoord|doe|ga|zeg) ik[^:]{0,40}\bliever niet\b",
        r"\bik (?:praat|spreek|antwoord|doe|ga|zeg|wil|heb)\b[^:]{0,40}\bliever niet\b",
        r"\bik (?:beantwoord|help|kan) (?:hier )?(?:alleen|uitsluitend|slechts)\b",
        r"\bbuiten (?:mijn|wat ik)\b",
    ),
    gives=(
        r"\bhier (?:is|zijn|vindt|vind|staat|staan)\b",
        r"\b(?:dit zijn de stappen|het antwoord is)\b",
        r"\bmaar (?:volgens|op basis van|uit uw)\b",
    ),
    idioms=(r"\bik kan\b[^:]{0,40}\bniet genoeg\b",),
    instead=(r"\b(?:hulplijn(?:en)?|hulpbronnen|alternatieven?)\b", r"(?:^|\n|[.!?] )in plaats daarvan\b"),
)

LANGUAGES = (ENGLISH, GERMAN, FRENCH, SPANISH, ITALIAN, PORTUGUESE, DUTCH)

_SORRY = (
    r"(?:(?:i'm |i am )?(?:so |very )?(?:sorry|afraid)(?: but)?[,.]? ?(?:but )?|no[,.] |nope[,.] |"
    r"(?:es )?tut mir leid[,.:]? )?"
)
SHORT = (
    (
        rf"{_SORRY}(?:i )?(?:can't|cannot|can not|won't|will not|shan't|must decline|decline|refuse)(?: "
        r"do (?:that|this|it))?[.!]*"
    ),
    (
        rf"{_SORRY}(?:(?:i )?(?:can't|cannot|won't)|(?:i'm |i am )?(?:unable|not able) to) "
        r"(?:help|assist|comply|answer|do that|do this)(?: you)?(?: with (?:that|this|it|your request))?[.!]*"
    ),
    r"(?:i'm )?(?:sorry|afraid)[,.]? (?:but )?no[.!]*",
    rf"{_SORRY}(?:das|dies|so etwas) (?:ist|geht|kann ich) (?:mir )?(?:leider )?nicht(?: möglich)?[.!]*",
    (
        r"(?:diese|ihre|deine) (?:anfrage|bitte) kann (?:ich )?(?:leider )?nicht (?:bearbeitet|"
        r"beantwortet|erfüllt) ?(?:werden)?[.!]*"
    ),
    r"(?:das|dies) kann ich (?:leider )?nicht(?: tun| machen)?[.!]*",
)
"""Whole answers that are too short to say what they decline, and do nothing else."""
TURNS = (
    r"(?<!the )\b(?:sure|first|step (?:1|one)|zuerst|schritt (?:1|eins))[,:]",
    r"\b(?:however|hypothetically|that said|nevertheless|nonetheless|in theory|theoretically|but|though)\b,?",
    r"\b(?:aber|jedoch|allerdings|dennoch|hypothetisch|theoretisch)\b,?",
    (
        r"\b(?:mais|cependant|toutefois|hypothétiquement|pero|sin embargo|hipotéticamente|tuttavia|però|"
        r"mas|porém|no entanto|maar|echter)\b,?"
    ),
)
"""Words after which a refusal may turn into an answer."""
OFFERS = (
    (
        r" ?(?:if|please|let me|feel free|do |i(?:'d be| would be|'m| am)? ?(?:can|could|may|will|would|"
        r"'ll|'d|happy|glad|able)|you (?:can|could|may|might)|we can|your|the (?:police|court|support))"
    ),
    r" ?(?:ich|wenn|falls|bitte|gern|sie können|du kannst|bei|dabei|wenden)",
    r" ?(?:je |si |n'hésitez|vous pouvez|puedo|si |con gusto|posso|se |poss|ik |als |graag)",
)
"""How an offer of other help goes on after such a word."""
DOUBTFUL = (
    (
        r"\b(?:i (?:can't|cannot|won't|will not)|unable to|not able to|not possible|nicht möglich|geht "
        r"nicht|impossible de|no es posible|non è possibile|não é possível|niet mogelijk)\b"
    ),
)
"""Words in which a short answer may decline."""
