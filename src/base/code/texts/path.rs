//! Words for the judgement on a certificate chain, as the person who runs the check reads them.

super::phrasebook! {
    PathAlgorithm {
        zh "证书链中使用了不允许的签名算法。", "请签发方改用允许的算法重新签发证书。";
        en "A certificate in the chain is signed with an algorithm that is not allowed.",
            "Have that certificate issued again with an allowed algorithm.";
        es "Un certificado de la cadena está firmado con un algoritmo no permitido.",
            "Pida que se emita de nuevo con un algoritmo permitido.";
    }
    PathAnchorExpired {
        zh "信任锚不在有效期内。", "请取得现行的信任锚，并经另一渠道核对指纹。";
        en "The trust anchor is outside its validity.",
            "Obtain the current anchor and compare its fingerprint by a second channel.";
        es "El ancla de confianza está fuera de su período de validez.",
            "Obtenga el ancla actual y compare su huella por un segundo canal.";
    }
    PathBadKey {
        zh "证书中的公钥格式有误，或使用了显式曲线参数。", "请持有者生成新的密钥对并重新申请证书。";
        en "A public key in the chain is malformed.",
            "Have its owner make a new key pair and apply for a new certificate.";
        es "Una clave pública de la cadena está mal formada.",
            "Su titular debe generar otro par de claves y pedir un certificado nuevo.";
    }
    PathBudget {
        zh "构建证书链的工作量超过限额，已停止。", "请只提供必要的中间证书后重试。";
        en "Judging the chain took more work than is allowed, so it was stopped.",
            "Offer only the intermediates that are needed and try again.";
        es "Examinar la cadena exigía más trabajo del permitido y se detuvo.",
            "Aporte solo los certificados intermedios necesarios e inténtelo de nuevo.";
    }
    PathCriticalExtension {
        zh "证书含有无法识别的关键扩展。", "请签发方说明或去除该扩展；在此之前不予接受。";
        en "A certificate has a critical extension that is not understood here.",
            "Ask its issuer to explain or drop the extension; until then it cannot be accepted.";
        es "Un certificado tiene una extensión crítica que aquí no se entiende.",
            "Pida al emisor que la explique o la retire; hasta entonces no se puede aceptar.";
    }
    PathExpired {
        zh "证书已过有效期。", "请更新证书；如需判断过去时刻，请指定时间。";
        en "A certificate in the chain has expired.",
            "Renew it, or name the instant with --at if a past moment is meant.";
        es "Un certificado de la cadena ha caducado.",
            "Renuévelo, o indique el instante con --at si se trata de un momento pasado.";
    }
    PathKeyUsage {
        zh "证书的密钥用途不允许这种使用。", "请使用带有正确密钥用途的证书。";
        en "The key usage of a certificate does not allow what it was used for.",
            "Use a certificate whose key usage fits.";
        es "El uso de clave de un certificado no permite aquello para lo que se usó.",
            "Use un certificado cuyo uso de clave sea el adecuado.";
    }
    PathLength {
        zh "证书链长度超过上级证书或本系统的限制。",
            "请使用更短的证书链，或请上级调整路径长度限制。";
        en "The chain is longer than a certificate in it or the limit here allows.",
            "Use a shorter chain, or have the authority above raise its path length.";
        es "La cadena es más larga de lo que permite uno de sus certificados o el límite de aquí.",
            "Use una cadena más corta o pida a la autoridad superior que amplíe la longitud.";
    }
    PathMalformed {
        zh "内容不是证书，或不符合DER编码。", "请检查文件是否完整，并重新导出证书。";
        en "This is not a certificate, or not in DER.",
            "Check that the file is whole and export the certificate again.";
        es "Esto no es un certificado o no está en DER.",
            "Compruebe que el archivo esté completo y exporte de nuevo el certificado.";
    }
    PathName {
        zh "证书名称与所查名称不一致。", "请核对所查名称，或使用为该名称签发的证书。";
        en "The certificate is not for the name that was asked for.",
            "Check the name, or use a certificate issued for it.";
        es "El certificado no corresponde al nombre solicitado.",
            "Revise el nombre o use un certificado emitido para él.";
    }
    PathNameConstraint {
        zh "证书名称超出上级证书的名称约束。", "请向有权签发该名称的机构申请证书。";
        en "A name in the chain lies outside what the authority above may certify.",
            "Obtain the certificate from an authority entitled to that name.";
        es "Un nombre de la cadena queda fuera de lo que la autoridad superior puede certificar.",
            "Obtenga el certificado de una autoridad facultada para ese nombre.";
    }
    PathNoPath {
        zh "找不到通向信任锚的证书链。", "请补充缺少的中间证书，或核对信任锚文件。";
        en "No chain leads from this certificate to a trust anchor.",
            "Add the missing intermediates or check the file of anchors.";
        es "Ninguna cadena lleva de este certificado a un ancla de confianza.",
            "Añada los intermedios que faltan o revise el archivo de anclas.";
    }
    PathNotACa {
        zh "链中某签发者不是证书颁发机构。", "请使用由合法颁发机构签发的证书。";
        en "A certificate in the chain was issued by one that is no authority.",
            "Use a certificate issued by a certificate authority.";
        es "Un certificado de la cadena lo emitió quien no es autoridad de certificación.",
            "Use un certificado emitido por una autoridad de certificación.";
    }
    PathNotYetValid {
        zh "证书尚未生效。", "请核对系统时间，或等到证书生效后再试。";
        en "A certificate in the chain is not valid yet.",
            "Check the clock, or wait until the certificate's start.";
        es "Un certificado de la cadena aún no es válido.",
            "Revise el reloj o espere al inicio de validez.";
    }
    PathPolicy {
        zh "证书链不满足所要求的证书策略。", "请核对策略要求，或换用符合策略的证书链。";
        en "The chain does not satisfy the certificate policies that were required.",
            "Check the required policies, or use a chain that carries them.";
        es "La cadena no cumple las políticas de certificación exigidas.",
            "Revise las políticas exigidas o use una cadena que las incluya.";
    }
    PathProfile {
        zh "证书违反RFC 5280的格式规定。", "请签发方按规定重新签发证书。";
        en "A certificate breaks a rule of the RFC 5280 profile.",
            "Have its issuer issue it again as the profile demands.";
        es "Un certificado incumple una regla del perfil RFC 5280.",
            "Pida al emisor que lo emita de nuevo conforme al perfil.";
    }
    PathPurpose {
        zh "证书的扩展密钥用途不含所要求的用途。", "请使用为该用途签发的证书。";
        en "The certificate is not meant for the purpose that was asked for.",
            "Use a certificate issued for that purpose.";
        es "El certificado no está destinado al fin solicitado.",
            "Use un certificado emitido para ese fin.";
    }
    PathRevocationUnknown {
        zh "没有可用的吊销信息，无法判断证书是否仍有效。", "请提供现行的吊销列表或OCSP应答后重试。";
        en "No usable revocation list or OCSP answer covers a certificate.",
            "Supply a current list or answer and try again.";
        es "Ninguna lista de revocación ni respuesta OCSP utilizable cubre un certificado.",
            "Aporte una lista o respuesta actual e inténtelo de nuevo.";
    }
    PathRevoked {
        zh "证书已被吊销。", "请勿使用此证书；向持有者索取新证书。";
        en "A certificate in the chain has been revoked.",
            "Do not use it; ask its owner for a new one.";
        es "Un certificado de la cadena ha sido revocado.",
            "No lo use; pida uno nuevo a su titular.";
    }
    PathSignature {
        zh "证书链中某个签名验证未通过。", "请重新取得证书；仍失败时与签发方联系。";
        en "A signature in the chain does not verify.",
            "Fetch the certificates again; if it still fails, contact their issuer.";
        es "Una firma de la cadena no se verifica.",
            "Obtenga de nuevo los certificados; si persiste, contacte con el emisor.";
    }
    PathWeakKey {
        zh "证书密钥强度不足。", "请改用足够强度的密钥并重新申请证书。";
        en "A key in the chain is too weak.",
            "Replace it with a stronger key and a new certificate.";
        es "Una clave de la cadena es demasiado débil.",
            "Sustitúyala por una más fuerte con un certificado nuevo.";
    }
}
