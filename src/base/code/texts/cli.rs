//! Words for what stops the program itself, as its operator reads them at the terminal.

super::phrasebook! {
    ClockInvalid {
        zh "系统时间早于2026年1月1日，不可信。", "请校准系统时间并启用时间同步，然后重新启动。";
        en "The system clock stands before 2026-01-01 and cannot be right.",
            "Set the clock, turn on time synchronisation and start again.";
        es "El reloj del sistema marca una fecha anterior al 2026-01-01 y no puede ser correcta.",
            "Ponga en hora el reloj, active la sincronización y vuelva a iniciar.";
    }
    ConfigInvalid {
        zh "配置文件有误，出错的键和行号见上文。", "请改正该项，再用 hutong config check 检查。";
        en "The configuration has an error; the key and line are named with it.",
            "Correct it and check with hutong config check.";
        es "La configuración tiene un error; se indican la clave y la línea.",
            "Corríjalo y compruébelo con hutong config check.";
    }
    ConfigMissing {
        zh "找不到配置文件。", "请用 --config 指定文件，或用 hutong init 生成。";
        en "There is no configuration file at the place named.",
            "Name one with --config, or make one with hutong init.";
        es "No hay archivo de configuración en el lugar indicado.",
            "Indique uno con --config o créelo con hutong init.";
    }
    DatabaseDamaged {
        zh "数据库已损坏，为避免错误判断，程序未启动。",
            "请保留现有文件，改用备份的数据目录启动。";
        en "The database is damaged; the program did not start, so as to decide nothing wrongly.",
            "Keep the files as they are and start with a backup of the folder instead.";
        es "La base de datos está dañada; el programa no arrancó para no decidir nada mal.",
            "Conserve los archivos tal como están e inicie con una copia de la carpeta.";
    }
    DiskFull {
        zh "磁盘已满或无法写入，未确认的操作均未生效。", "请腾出空间或检查磁盘，然后重新启动。";
        en "The disk is full or cannot be written; nothing unconfirmed took effect.",
            "Free some space or check the disk, then start again.";
        es "El disco está lleno o no admite escritura; nada sin confirmar tuvo efecto.",
            "Libere espacio o revise el disco y vuelva a iniciar.";
    }
    FolderInUse {
        zh "数据目录正被另一进程使用。", "请先停止该进程，或指定另一目录。";
        en "Another process is using this data folder.",
            "Stop that process first, or name another folder.";
        es "Otro proceso está usando esta carpeta de datos.",
            "Detenga antes ese proceso o indique otra carpeta.";
    }
    Interrupted {
        zh "操作被中断，已确认的内容均已保存。", "如仍需要，请再次运行该命令。";
        en "The command was interrupted; everything confirmed is saved.",
            "Run it again if it is still wanted.";
        es "La orden se interrumpió; todo lo confirmado está guardado.",
            "Ejecútela de nuevo si aún la necesita.";
    }
    KeyPermissions {
        zh "密钥文件可被其他用户读取。", "请将权限改为0600；若曾暴露，请更换密钥。";
        en "A key file can be read by other users.",
            "Set its mode to 0600, and replace the key if it may have been read.";
        es "Otros usuarios pueden leer un archivo de claves.",
            "Ponga su modo en 0600 y cambie la clave si pudo haber sido leída.";
    }
    PortInUse {
        zh "监听端口已被占用。", "请停止占用端口的程序，或在配置中更换端口。";
        en "The port to listen on is taken.",
            "Stop the program that holds it, or set another port in the configuration.";
        es "El puerto de escucha está ocupado.",
            "Detenga el programa que lo ocupa o configure otro puerto.";
    }
    RootMismatch {
        zh "信任根未通过验证，或与已保存的不一致。",
            "请经另一渠道核对信任根的SHA-256指纹，勿强行继续。";
        en "The trust root does not verify, or is not the one stored here.",
            "Compare its SHA-256 by a second channel, and do not force your way on.";
        es "La raíz de confianza no se verifica o no es la guardada aquí.",
            "Compare su SHA-256 por un segundo canal y no fuerce la continuación.";
    }
}
