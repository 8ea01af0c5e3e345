//! Words for requests that failed by their form, their timing or our own state.

super::phrasebook! {
    AnswerMismatch {
        zh "对方省份的答复与本次请求不对应，已丢弃。", "请重试；再次发生时请报告追踪编号。";
        en "The other province's answer belongs to another request and was discarded.",
            "Try again; if it recurs, report the trace id.";
        es "La respuesta de la otra provincia corresponde a otra petición y se descartó.",
            "Inténtelo de nuevo; si se repite, comunique el identificador de traza.";
    }
    AuditUnavailable {
        zh "审计日志暂不可写，因此不提供数据。", "请稍后重试；运维人员应检查存储。";
        en "The audit log cannot be written, so no data is given out.",
            "Try again later; the operator should check the store.";
        es "No se puede escribir el diario de auditoría, así que no se entregan datos.",
            "Inténtelo más tarde; el operador debe revisar el almacenamiento.";
    }
    DeadlineExceeded {
        zh "未能在规定时间内完成。", "请稍后重试，或缩小请求范围。";
        en "The work was not finished in the time allowed.",
            "Try again later, or ask for less at once.";
        es "El trabajo no terminó en el tiempo permitido.",
            "Inténtelo más tarde o pida menos de una vez.";
    }
    HeadersTooLarge {
        zh "请求头过大或过多。", "请减少请求头后重试。";
        en "The request's headers are too many or too large.", "Send fewer or shorter headers.";
        es "Las cabeceras de la petición son demasiadas o demasiado grandes.",
            "Envíe menos cabeceras o más cortas.";
    }
    IdempotencyInProgress {
        zh "同一幂等键的请求仍在处理。", "请稍候，再用同一幂等键查询结果。";
        en "A request with the same idempotency key is still being worked on.",
            "Wait a moment, then repeat it with the same key.";
        es "Una petición con la misma clave de idempotencia sigue en curso.",
            "Espere un momento y repítala con la misma clave.";
    }
    IdempotencyKeyReused {
        zh "该幂等键已用于另一内容的请求。", "请为新请求使用新的幂等键。";
        en "This idempotency key was used for a different request.",
            "Use a new key for a new request.";
        es "Esta clave de idempotencia se usó para una petición distinta.",
            "Use una clave nueva para cada petición nueva.";
    }
    Internal {
        zh "系统内部出现错误。", "请稍后重试；如持续出现，请报告追踪编号。";
        en "Something went wrong on our side.",
            "Try again later; if it goes on, report the trace id.";
        es "Algo falló por nuestra parte.",
            "Inténtelo más tarde; si continúa, comunique el identificador de traza.";
    }
    IssuerProvinceUnreachable {
        zh "暂时无法连接签发省份。", "请稍后重试，其间可查看纸质证件。";
        en "The issuing province cannot be reached for the moment.",
            "Try again later; the paper licence may serve meanwhile.";
        es "Por ahora no se puede contactar con la provincia emisora.",
            "Inténtelo más tarde; entretanto puede servir la licencia en papel.";
    }
    MalformedRequest {
        zh "请求格式有误，无法读取。", "请按接口说明修正后重新提交。";
        en "The request is badly formed and cannot be read.",
            "Correct it after the interface description and send it again.";
        es "La petición está mal formada y no puede leerse.",
            "Corríjala según la descripción de la interfaz y envíela de nuevo.";
    }
    MethodNotAllowed {
        zh "此地址不支持该请求方法。", "请使用Allow头所列的方法。";
        en "This address does not take that method.", "Use one of the methods in the Allow header.";
        es "Esta dirección no admite ese método.", "Use uno de los métodos de la cabecera Allow.";
    }
    Misdirected {
        zh "请求送到了错误的主机。", "请为所请求的主机另建连接。";
        en "The request reached a host it was not meant for.",
            "Open a new connection to the host you mean.";
        es "La petición llegó a un servidor al que no iba dirigida.",
            "Abra otra conexión con el servidor que corresponde.";
    }
    MissingIdempotencyKey {
        zh "缺少Idempotency-Key请求头。", "请附上唯一的幂等键后重新提交。";
        en "The Idempotency-Key header is missing.", "Add a unique key and send the request again.";
        es "Falta la cabecera Idempotency-Key.",
            "Añada una clave única y envíe de nuevo la petición.";
    }
    NotFound {
        zh "没有此内容，或您无权查看。", "请核对地址或编号。";
        en "Nothing was found here, or nothing that you may see.",
            "Check the address or the number.";
        es "Aquí no se encontró nada, o nada que usted pueda ver.",
            "Revise la dirección o el número.";
    }
    NotReady {
        zh "系统尚未就绪。", "请稍后重试；运维人员可运行 hutong doctor。";
        en "The gateway is not ready yet.",
            "Try again shortly; its operator may run hutong doctor.";
        es "La pasarela aún no está lista.",
            "Inténtelo en breve; su operador puede ejecutar hutong doctor.";
    }
    Overloaded {
        zh "系统繁忙，暂时不能处理。", "请按Retry-After所示时间后重试。";
        en "The gateway is too busy to take this on now.",
            "Try again after the time in the Retry-After header.";
        es "La pasarela está demasiado ocupada para atender esto ahora.",
            "Reintente tras el tiempo que indica la cabecera Retry-After.";
    }
    PreconditionFailed {
        zh "内容在您读取之后已被更改。", "请重新读取最新内容，再提交修改。";
        en "The content has changed since you read it.", "Read it again and repeat your change.";
        es "El contenido ha cambiado desde que usted lo leyó.",
            "Léalo de nuevo y repita el cambio.";
    }
    PreconditionRequired {
        zh "修改此内容须附If-Match请求头。", "请先读取内容，用其ETag作为If-Match。";
        en "A change here needs the If-Match header.",
            "Read the content first and send its ETag as If-Match.";
        es "Un cambio aquí necesita la cabecera If-Match.",
            "Lea antes el contenido y envíe su ETag como If-Match.";
    }
    RateLimited {
        zh "请求过于频繁，已超过限额。", "请按Retry-After所示时间后再请求。";
        en "Too many requests were made in a short time.",
            "Slow down and wait as long as the Retry-After header says.";
        es "Se hicieron demasiadas peticiones en poco tiempo.",
            "Vaya más despacio y espere lo que diga la cabecera Retry-After.";
    }
    RecordErased {
        zh "此记录已按期删除。", "无法恢复；如有留存，请使用自己保存的副本。";
        en "This record was erased when its keeping period ended.",
            "It cannot be brought back; use your own copy if you rightly hold one.";
        es "Este registro se borró al terminar su plazo de conservación.",
            "No puede recuperarse; use su propia copia si la conserva legítimamente.";
    }
    StateConflict {
        zh "当前状态不允许此操作。", "请先查询当前状态，再决定下一步。";
        en "The present state does not allow this step.",
            "Look at the present state first, then choose the next step.";
        es "El estado actual no permite este paso.",
            "Consulte primero el estado actual y elija luego el paso siguiente.";
    }
    TooLargeBody {
        zh "请求正文超过允许的大小。", "请缩小内容或分批提交。";
        en "The request's body is larger than is allowed.", "Make it smaller or send it in parts.";
        es "El cuerpo de la petición supera el tamaño permitido.",
            "Redúzcalo o envíelo por partes.";
    }
    TrustListStale {
        zh "信任信息超过一小时未更新，暂停向企业提供数据。",
            "请稍后重试；运维人员应检查与中心的连接。";
        en "Trust has not been refreshed for over an hour, so businesses get no data for now.",
            "Try again later; the operator should check the connection to the hub.";
        es "La confianza lleva más de una hora sin renovarse; por ahora no se dan datos a empresas.",
            "Inténtelo más tarde; el operador debe revisar la conexión con el nodo central.";
    }
    UnknownPurpose {
        zh "无法识别请求的用途代码。", "请使用已公布的用途代码。";
        en "The purpose named in the request is not known.",
            "Use one of the published purpose codes.";
        es "No se conoce la finalidad indicada en la petición.",
            "Use uno de los códigos de finalidad publicados.";
    }
    UnsupportedMediaType {
        zh "不支持此内容类型。", "请按接口说明设置Content-Type。";
        en "This kind of content is not accepted here.",
            "Set the Content-Type that the interface description names.";
        es "Aquí no se acepta este tipo de contenido.",
            "Use el Content-Type que indica la descripción de la interfaz.";
    }
    UriTooLong {
        zh "请求地址过长。", "请缩短地址，将数据放入正文。";
        en "The address of the request is too long.", "Shorten it and put data into the body.";
        es "La dirección de la petición es demasiado larga.",
            "Acórtela y ponga los datos en el cuerpo.";
    }
    ValidationFailed {
        zh "请求内容有误，具体位置见errors。", "请按所列位置改正后重新提交。";
        en "The content of the request is wrong in the places listed.",
            "Correct the listed places and send it again.";
        es "El contenido de la petición es erróneo en los puntos indicados.",
            "Corrija los puntos indicados y envíela de nuevo.";
    }
}
