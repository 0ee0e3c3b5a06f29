;; What the guests here share: a memory, an allocator that never frees, and writers for two honest answers.
;; A guest's folder holds only what it does instead.
;;
;; An answer is `result<step, fault>` of tebura:rail at address 1024. Offsets from there:
;;    0 ok / error            8 next: 0 call, 1 wait-until, 2 done     88 state     96 writes
;;   call:  16 endpoint  24 method  32 path  40 headers  48 body  56 effect  68 timeout-ms  72 stale-after
;;   done:  16 outcome: 0 settled, 1 declined, 2 unknown   24 reference  32 minor  40 currency  48 details
;;   wait-until:  16 milliseconds
;;   error:  8 code  16 message
(memory (export "memory") 2)
(data (i32.const 16) "provider")
(data (i32.const 32) "POST")
(data (i32.const 48) "/v1/holds")
(data (i32.const 64) "JPY")
(data (i32.const 80) "h-1")

(global $top (mut i32) (i32.const 65536))
(func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
  (local $at i32)
  (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
  (global.set $top (i32.add (local.get $at) (local.get $size)))
  (local.get $at))

;; A string or list at an address.
(func $text (param $at i32) (param $from i32) (param $length i32)
  (i32.store (local.get $at) (local.get $from))
  (i32.store offset=4 (local.get $at) (local.get $length)))

;; POST /v1/holds on `provider`, once, within a second.
(func $call (result i32)
  (i32.store8 (i32.const 1024) (i32.const 0))
  (i32.store8 (i32.const 1032) (i32.const 0))
  (call $text (i32.const 1040) (i32.const 16) (i32.const 8))
  (call $text (i32.const 1048) (i32.const 32) (i32.const 4))
  (call $text (i32.const 1056) (i32.const 48) (i32.const 9))
  (i32.store8 (i32.const 1080) (i32.const 2))
  (i32.store (i32.const 1092) (i32.const 1000))
  (i32.const 1024))

;; Done: settled as `h-1` with JPY 1200, which is what the tests ask for.
(func $settle (result i32)
  (i32.store8 (i32.const 1024) (i32.const 0))
  (i32.store8 (i32.const 1032) (i32.const 2))
  (i32.store8 (i32.const 1040) (i32.const 0))
  (call $text (i32.const 1048) (i32.const 80) (i32.const 3))
  (i64.store (i32.const 1056) (i64.const 1200))
  (call $text (i32.const 1064) (i32.const 64) (i32.const 3))
  (i32.const 1024))
