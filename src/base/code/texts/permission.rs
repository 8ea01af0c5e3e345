//! Words for requests refused because the caller may not have what it asks.

super::phrasebook! {
    ClaimsNotGranted {
        zh "请求的部分数据项不在授权范围内。", "请只请求已授权的数据项，或另行征得持证人同意。";
        en "Some of the data asked for was not granted.",
            "Ask only for what was granted, or ask the holder for a new permission.";
        es "Parte de los datos pedidos no fue autorizada.",
            "Pida solo lo autorizado o solicite al titular un nuevo permiso.";
    }
    ClientCertificateRejected {
        zh "客户端证书不被接受。", "请检查证书是否到期、吊销或并非由本网关签发，必要时续期。";
        en "The client certificate was not accepted.",
            "See whether it has expired, was revoked or comes from elsewhere, and renew it if need be.";
        es "No se aceptó el certificado de cliente.",
            "Vea si caducó, fue revocado o procede de otro sitio, y renuévelo si hace falta.";
    }
    ClientCertificateRequired {
        zh "此地址需要客户端证书。", "请携带登记的证书，通过联盟监听地址访问。";
        en "This address is open only to callers with a client certificate.",
            "Connect to the federation listener with your registered certificate.";
        es "Esta dirección solo admite a quien presenta un certificado de cliente.",
            "Conéctese a la dirección de la federación con su certificado registrado.";
    }
    ClientSignatureRequired {
        zh "此请求须由客户自身密钥签名，仅由网关担保不够。",
            "请用客户证书的密钥签署请求后重新提交。";
        en "This request must be signed by the client itself; a gateway's word is not enough.",
            "Sign the request with the client's own key and send it again.";
        es "Esta petición debe firmarla el propio cliente; no basta la palabra de una pasarela.",
            "Fírmela con la clave del cliente y envíela de nuevo.";
    }
    ClientSuspended {
        zh "该客户已被暂停。", "请联系为其登记的省级运营方了解原因和恢复办法。";
        en "This client is suspended.",
            "Contact the province that registered it about the reason and how to restore it.";
        es "Este cliente está suspendido.",
            "Consulte a la provincia que lo registró el motivo y cómo restablecerlo.";
    }
    GrantExhausted {
        zh "授权的使用次数已用完。", "如仍需要，请向持证人申请新的授权。";
        en "The permission has been used as often as it allowed.",
            "If you still need the data, ask the holder for a new permission.";
        es "El permiso ya se usó todas las veces que admitía.",
            "Si aún necesita los datos, pida al titular un permiso nuevo.";
    }
    GrantExpired {
        zh "授权已过期。", "请向持证人申请新的授权。";
        en "The permission has run out.", "Ask the holder for a new permission.";
        es "El permiso ha vencido.", "Pida al titular un permiso nuevo.";
    }
    GrantNotBoundToClient {
        zh "此授权是给另一方的，不能由您使用。", "请以自己的名义向持证人申请授权。";
        en "The permission was given to another party and cannot be used by you.",
            "Ask the holder for a permission in your own name.";
        es "El permiso se dio a otra parte y usted no puede usarlo.",
            "Pida al titular un permiso a su propio nombre.";
    }
    GrantPaused {
        zh "授权已被暂停使用。", "请等待恢复，或与持证人联系。";
        en "The permission is paused.", "Wait until it is resumed, or speak with the holder.";
        es "El permiso está en pausa.", "Espere a que se reanude o hable con el titular.";
    }
    GrantPurposeMismatch {
        zh "请求的用途与授权的用途不同。", "请按授权的用途使用，或就新用途另行申请。";
        en "The purpose of this request is not the one that was agreed to.",
            "Use the data for the agreed purpose, or ask again for the new one.";
        es "La finalidad de esta petición no es la acordada.",
            "Use los datos para lo acordado o pida permiso para la nueva finalidad.";
    }
    GrantRequired {
        zh "没有授权，不能提供数据。", "请先征得持证人同意，或取得其他合法依据。";
        en "Without a permission no data is given.",
            "First ask the holder for consent, or establish another legal basis.";
        es "Sin permiso no se entregan datos.",
            "Pida antes el consentimiento del titular o acredite otra base legal.";
    }
    GrantRevoked {
        zh "授权已被撤回。", "请停止使用；已取得的数据按收据所载规定处理。";
        en "The permission was taken back.",
            "Stop using it, and treat data already received as the receipt says.";
        es "El permiso fue retirado.",
            "Deje de usarlo y trate los datos ya recibidos según el recibo.";
    }
    HolderLoginRequired {
        zh "需要持证人登录。", "请通过本省实名认证登录后继续。";
        en "The holder must be signed in for this.",
            "Sign in through the province's real-name service and go on.";
        es "Para esto el titular debe haber iniciado sesión.",
            "Inicie sesión en el servicio de identidad de la provincia y continúe.";
    }
    HolderSignatureInvalid {
        zh "持证人的确认签名无效或与所确认内容不符。", "请持证人在自己的设备上重新确认。";
        en "The holder's approval is not validly signed, or is for something else.",
            "Ask the holder to approve again on their own device.";
        es "La aprobación del titular no está bien firmada o es para otra cosa.",
            "Pida al titular que apruebe de nuevo en su dispositivo.";
    }
    IntendedUseNotRegistered {
        zh "该用途尚未登记。", "请先向本省运营方登记用途。";
        en "This intended use has not been registered.",
            "Register it with your province's operator first.";
        es "Este uso previsto no está registrado.",
            "Regístrelo antes ante el operador de su provincia.";
    }
    LegalBasisRequired {
        zh "请求未载明法律依据。", "请写明依据；执法查询须先登记检查任务。";
        en "The request names no legal basis.",
            "Name one; for enforcement, open an inspection first.";
        es "La petición no cita ninguna base legal.",
            "Indíquela; si es un control, abra antes una inspección.";
    }
    MemberStaged {
        zh "该成员尚在准备阶段，未正式加入。", "请用 hutong doctor 自查至无误，再请联盟运营方批准（member approve --status granted）。";
        en "This member is staged and has not yet been granted.",
            "Run hutong doctor until it finds no fault, then ask the federation's operators to \
             grant it (member approve --status granted).";
        es "Este miembro está en preparación y aún no ha sido admitido.",
            "Use hutong doctor hasta que no halle fallos y pida a los operadores de la federación \
             que lo admitan (member approve --status granted).";
    }
    MemberSuspended {
        zh "该成员已被暂停互认。", "请联系联盟运营方；恢复后可重试。";
        en "This member is suspended from the federation.",
            "Contact the federation's operators; try again once it is restored.";
        es "Este miembro está suspendido de la federación.",
            "Contacte con los operadores de la federación; reintente cuando se restablezca.";
    }
    MemberWithdrawn {
        zh "该成员已退出联盟。", "请向接管其业务的机关提出请求。";
        en "This member has left the federation.", "Turn to the authority that took over its work.";
        es "Este miembro ha dejado la federación.",
            "Diríjase a la autoridad que asumió sus funciones.";
    }
    OverAsking {
        zh "请求的数据项超出登记用途，超出部分见明细。", "请删去多余的数据项后重新提交。";
        en "More data is asked for than the registered use needs; the excess is listed.",
            "Leave out the listed items and send the request again.";
        es "Se piden más datos de los que el uso registrado necesita; el exceso se detalla.",
            "Quite los elementos detallados y envíe de nuevo la petición.";
    }
    RequestReplayed {
        zh "此签名请求已使用过，或签署已超过六十秒。", "请重新签署一份新请求后发送。";
        en "This signed request was used before or is older than sixty seconds.",
            "Sign a new request and send that one.";
        es "Esta petición firmada ya se usó o tiene más de sesenta segundos.",
            "Firme una petición nueva y envíe esa.";
    }
    RequestSignatureInvalid {
        zh "请求签名缺失或无效：密钥、接收方或正文不符。",
            "请核对签名密钥、接收方和正文后重新签署。";
        en "The request's signature is absent or wrong: key, audience or body do not match.",
            "Check the signing key, audience and body, and sign again.";
        es "Falta la firma de la petición o es errónea: clave, destinatario o cuerpo no coinciden.",
            "Revise la clave, el destinatario y el cuerpo, y firme de nuevo.";
    }
    RoleNotAllowed {
        zh "您的角色无权使用此功能。", "请由有相应角色的人员或系统办理。";
        en "Your role may not use this function.", "Have someone with the right role do it.";
        es "Su rol no puede usar esta función.", "Pida que lo haga alguien con el rol adecuado.";
    }
}
