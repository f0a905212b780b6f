-- SPDX-License-Identifier: MIT
-- | The library's functions, and those in the table of a @struct lxc_container@ by their fixed places.
module System.LXC.Table where

import Foreign
import Foreign.C

-- | A @struct lxc_container@.
data Object

type O = Ptr Object

foreign import ccall safe "lxc_container_new" c_new :: CString -> CString -> IO O
foreign import ccall safe "lxc_container_get" c_get :: O -> IO CInt
foreign import ccall safe "lxc_container_put" c_put :: O -> IO CInt
foreign import ccall safe "&lxc_attach_run_command" c_run_command :: FunPtr (Ptr () -> IO CInt)
foreign import ccall unsafe "lxc_get_version" c_version :: IO CString
foreign import ccall safe "lxc_get_global_config_item" c_global :: CString -> IO CString
foreign import ccall unsafe "lxc_get_wait_states" c_states :: Ptr CString -> IO CInt
foreign import ccall unsafe "lxc_config_item_is_supported" c_supported :: CString -> IO CBool
foreign import ccall unsafe "lxc_has_api_extension" c_extension :: CString -> IO CBool

type List = CString -> Ptr (Ptr CString) -> Ptr (Ptr O) -> IO CInt
foreign import ccall safe "list_all_containers" c_listAll :: List
foreign import ccall safe "list_active_containers" c_listActive :: List
foreign import ccall safe "list_defined_containers" c_listDefined :: List

-- The shapes of the table's functions.
type FBool = O -> IO CBool
type FInt = O -> IO CInt
type FStr = O -> IO CString
type FBoolS = O -> CString -> IO CBool
type FBoolSS = O -> CString -> CString -> IO CBool
type FBoolI = O -> CInt -> IO CBool
type FStrS = O -> CString -> IO CString
type FGet = O -> CString -> CString -> CInt -> IO CInt
type FStart = O -> CInt -> Ptr CString -> IO CBool
type FWait = O -> CString -> CInt -> IO CBool
type FCreate = O -> CString -> CString -> Ptr () -> CInt -> Ptr CString -> IO CBool
type FClone = O -> CString -> CString -> CInt -> CString -> CString -> Word64 -> Ptr CString -> IO O
type FStrings = O -> IO (Ptr CString)
type FIps = O -> CString -> CString -> CInt -> IO (Ptr CString)
type FAttach = O -> FunPtr (Ptr () -> IO CInt) -> Ptr () -> Ptr () -> Ptr CInt -> IO CInt
type FIntS = O -> CString -> IO CInt
type FSnaps = O -> Ptr (Ptr ()) -> IO CInt
type FVoid = O -> IO ()
type FTty = O -> Ptr CInt -> Ptr CInt -> IO CInt

foreign import ccall safe "dynamic" mkBool :: FunPtr FBool -> FBool
foreign import ccall safe "dynamic" mkInt :: FunPtr FInt -> FInt
foreign import ccall safe "dynamic" mkStr :: FunPtr FStr -> FStr
foreign import ccall safe "dynamic" mkBoolS :: FunPtr FBoolS -> FBoolS
foreign import ccall safe "dynamic" mkBoolSS :: FunPtr FBoolSS -> FBoolSS
foreign import ccall safe "dynamic" mkBoolI :: FunPtr FBoolI -> FBoolI
foreign import ccall safe "dynamic" mkStrS :: FunPtr FStrS -> FStrS
foreign import ccall safe "dynamic" mkGet :: FunPtr FGet -> FGet
foreign import ccall safe "dynamic" mkStart :: FunPtr FStart -> FStart
foreign import ccall safe "dynamic" mkWait :: FunPtr FWait -> FWait
foreign import ccall safe "dynamic" mkCreate :: FunPtr FCreate -> FCreate
foreign import ccall safe "dynamic" mkClone :: FunPtr FClone -> FClone
foreign import ccall safe "dynamic" mkStrings :: FunPtr FStrings -> FStrings
foreign import ccall safe "dynamic" mkIps :: FunPtr FIps -> FIps
foreign import ccall safe "dynamic" mkAttach :: FunPtr FAttach -> FAttach
foreign import ccall safe "dynamic" mkIntS :: FunPtr FIntS -> FIntS
foreign import ccall safe "dynamic" mkSnaps :: FunPtr FSnaps -> FSnaps
foreign import ccall safe "dynamic" mkVoid :: FunPtr FVoid -> FVoid
foreign import ccall safe "dynamic" mkTty :: FunPtr FTty -> FTty
foreign import ccall safe "dynamic" mkFree :: FunPtr (Ptr () -> IO ()) -> Ptr () -> IO ()

-- | The function at a place of the object's table.
at :: (FunPtr f -> O -> g) -> Int -> O -> IO g
at mk place o = do
  f <- peekByteOff o place
  pure (mk f o)
