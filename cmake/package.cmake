# What an installation has beside the program, and the Debian package.
#
#     cmake --preset release && cmake --build --preset release
#     cpack --config build/release/CPackConfig.cmake -B build
#     cmake --build --preset release --target bundle
#
# Both come out byte by byte the same from the same tree: their times are
# SOURCE_DATE_EPOCH, or that of the last commit.

# --- files made here ---------------------------------------------------------

set(made ${CMAKE_CURRENT_BINARY_DIR}/deploy)
add_custom_command(OUTPUT ${made}/completion.bash
  COMMAND $<TARGET_FILE:vnetprobe> --completion bash > ${made}/completion.bash
  DEPENDS vnetprobe VERBATIM)
add_custom_target(completion ALL DEPENDS ${made}/completion.bash)

# --- what is installed everywhere --------------------------------------------

install(FILES deploy/man/vnetprobe.1
  DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${made}/completion.bash RENAME vnetprobe
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
# These have paths in them that are known when they are installed: the package
# goes elsewhere than `cmake --install` without it. "lib", not the directory of
# libraries: systemd looks there below /usr and /usr/local.
set(template "
  set(VP_BINDIR \${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR})
  set(VP_LIBEXECDIR \${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBEXECDIR})
  file(MAKE_DIRECTORY ${made})")
install(CODE "${template}
  configure_file(${CMAKE_SOURCE_DIR}/deploy/systemd/vnetprobe.service.in
    ${made}/vnetprobe.service @ONLY)
  file(INSTALL ${made}/vnetprobe.service
    DESTINATION \${CMAKE_INSTALL_PREFIX}/lib/systemd/system)
  configure_file(${CMAKE_SOURCE_DIR}/deploy/systemd/scheduled-check.in
    ${made}/scheduled-check @ONLY)
  file(INSTALL ${made}/scheduled-check USE_SOURCE_PERMISSIONS
    DESTINATION \${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBEXECDIR}/vnetprobe)")
install(FILES deploy/systemd/vnetprobe.timer
  DESTINATION lib/systemd/system)
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
# A sample and not /etc/vnetprobe.yaml: the service is to stay still until
# somebody has said what there is to check. Not among the documents, which small
# images leave out; README.md's links find it all the same.
install(FILES deploy/vnetprobe.yaml deploy/vnetprobe.report.schema.json
  deploy/vnetprobe.diff.schema.json
  DESTINATION ${CMAKE_INSTALL_DATADIR}/vnetprobe)
file(RELATIVE_PATH link ${CMAKE_INSTALL_FULL_DOCDIR}
  ${CMAKE_INSTALL_FULL_DATADIR}/vnetprobe)
install(CODE "
  file(MAKE_DIRECTORY ${made})
  file(CREATE_LINK ${link} ${made}/deploy SYMBOLIC)
  file(INSTALL ${made}/deploy
    DESTINATION \${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DOCDIR})")
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs
  FILES_MATCHING PATTERN "*.md")

# --- the time of all files ---------------------------------------------------

set(VP_EPOCH $ENV{SOURCE_DATE_EPOCH})
if(NOT VP_EPOCH)
  execute_process(COMMAND git log -1 --format=%ct
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE VP_EPOCH
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
endif()
if(NOT VP_EPOCH MATCHES "^[0-9]+$")
  string(TIMESTAMP VP_EPOCH %s UTC)
endif()
set(ENV{SOURCE_DATE_EPOCH} ${VP_EPOCH})
string(TIMESTAMP VP_DATE_RFC5322 "%a, %d %b %Y %H:%M:%S +0000" UTC)

# --- the Debian package ------------------------------------------------------

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME vnetprobe)
set(CPACK_PACKAGE_CONTACT "The vnetprobe authors <vnetprobe@users.noreply.github.com>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY
  "proves that an Azure ML workspace is reached privately")
set(CPACK_PACKAGE_DESCRIPTION "\
vnetprobe runs inside a virtual network, asks every resolver of this machine
for the names of an Azure Machine Learning workspace and of everything it
depends on, connects to where they lead, watches the packets meanwhile, and
prints one verdict with its evidence: pass, fail, leak or inconclusive.
.
The systemd timer in this package does so every hour, once it is enabled and
/etc/vnetprobe.yaml is there.")
set(CPACK_STRIP_FILES ON)
set(CPACK_PROJECT_CONFIG_FILE ${made}/cpack.cmake)
file(WRITE ${made}/cpack.cmake "set(ENV{SOURCE_DATE_EPOCH} ${VP_EPOCH})\n")

set(CPACK_DEBIAN_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS bash-completion)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${CMAKE_SOURCE_DIR}/deploy/package/postinst
  ${CMAKE_SOURCE_DIR}/deploy/package/prerm
  ${CMAKE_SOURCE_DIR}/deploy/package/postrm)

# What Debian wants compressed, and where, is for that package alone.
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/debian_files.cmake)
configure_file(deploy/package/changelog.in ${made}/changelog.Debian @ONLY)
set(CPACK_VP_MADE ${made})
set(CPACK_VP_SOURCE ${CMAKE_SOURCE_DIR})
include(CPack)

# --- the bundle ---------------------------------------------------------------

add_custom_target(bundle
  COMMAND ${CMAKE_COMMAND} -E env SOURCE_DATE_EPOCH=${VP_EPOCH}
    ${CMAKE_SOURCE_DIR}/deploy/package/bundle $<TARGET_FILE:vnetprobe>
    ${CMAKE_BINARY_DIR}
  DEPENDS vnetprobe USES_TERMINAL VERBATIM)
