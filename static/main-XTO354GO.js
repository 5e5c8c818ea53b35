import{b as et,d as Ae,e as tt,f as nt,g as G,h as ae,j as it,k as ot,l as at,n as re,p as rt}from"./chunk-NQIBOMPZ.js";import{a as dt}from"./chunk-YTBWUTCL.js";import{a as mt,b as pt,c as ut,d as ht,e as gt,f as ft,g as _t}from"./chunk-YMIFRRQU.js";import{G as C,a as ne,b as ie,h as xe,j as we,n as z,o as oe,p as st,s as lt,t as ct,x as Te}from"./chunk-AOYWNFSZ.js";import{d as se,e as f,f as bt}from"./chunk-3I2TFDUR.js";import{$a as Ne,Aa as u,Ab as c,B as R,Ba as X,Bb as O,Ca as Fe,Cb as V,Ea as Be,Hb as Ye,J as q,Ka as p,Ma as M,Na as je,Nb as $e,Oa as F,Pa as J,Pb as Ze,R as Y,U as k,W as a,Wa as L,Xa as b,Ya as y,Yb as Ke,aa as I,ab as He,ba as P,bb as ve,cb as s,d as T,db as l,ea as _,eb as v,f as ye,fa as $,fb as Ve,gb as ze,ia as Z,ib as B,ja as Ie,jb as Ce,jc as Xe,kb as h,la as Pe,ma as N,mb as g,na as Le,nb as Ge,oa as Re,ob as De,pa as K,pb as We,qb as Ue,ra as w,rb as ee,s as Q,sb as te,u as Ee,w as E,wb as Qe,wc as Je,yb as H,zb as qe}from"./chunk-BPZ4QFYG.js";import"./chunk-5FIZZ3U3.js";import{a as x,b as Se}from"./chunk-7CGTOI24.js";function Nt(n,o){}var S=class{viewContainerRef;injector;id;role="dialog";panelClass="";hasBackdrop=!0;backdropClass="";disableClose=!1;closePredicate;width="";height="";minWidth;minHeight;maxWidth;maxHeight;positionStrategy;data=null;direction;ariaDescribedBy=null;ariaLabelledBy=null;ariaLabel=null;ariaModal=!1;autoFocus="first-tabbable";restoreFocus=!0;scrollStrategy;closeOnNavigation=!0;closeOnDestroy=!0;closeOnOverlayDetachments=!0;disableAnimations=!1;providers;container;templateContext};var Me=(()=>{class n extends nt{_elementRef=a(w);_focusTrapFactory=a(ct);_config;_interactivityChecker=a(lt);_ngZone=a(Ie);_focusMonitor=a(st);_renderer=a(Be);_changeDetectorRef=a(Ke);_injector=a(_);_platform=a(ne);_document=a($);_portalOutlet;_focusTrapped=new T;_focusTrap=null;_elementFocusedBeforeDialogWasOpened=null;_closeInteractionType=null;_ariaLabelledByQueue=[];_isDestroyed=!1;constructor(){super(),this._config=a(S,{optional:!0})||new S,this._config.ariaLabelledBy&&this._ariaLabelledByQueue.push(this._config.ariaLabelledBy)}_addAriaLabelledBy(e){this._ariaLabelledByQueue.push(e),this._changeDetectorRef.markForCheck()}_removeAriaLabelledBy(e){let t=this._ariaLabelledByQueue.indexOf(e);t>-1&&(this._ariaLabelledByQueue.splice(t,1),this._changeDetectorRef.markForCheck())}_contentAttached(){this._initializeFocusTrap(),this._captureInitialFocus()}_captureInitialFocus(){this._trapFocus()}ngOnDestroy(){this._focusTrapped.complete(),this._isDestroyed=!0,this._restoreFocus()}attachComponentPortal(e){this._portalOutlet.hasAttached();let t=this._portalOutlet.attachComponentPortal(e);return this._contentAttached(),t}attachTemplatePortal(e){this._portalOutlet.hasAttached();let t=this._portalOutlet.attachTemplatePortal(e);return this._contentAttached(),t}attachDomPortal=e=>{this._portalOutlet.hasAttached();let t=this._portalOutlet.attachDomPortal(e);return this._contentAttached(),t};_recaptureFocus(){this._containsFocus()||this._trapFocus()}_forceFocus(e,t){this._interactivityChecker.isFocusable(e)||(e.tabIndex=-1,this._ngZone.runOutsideAngular(()=>{let i=()=>{r(),d(),e.removeAttribute("tabindex")},r=this._renderer.listen(e,"blur",i),d=this._renderer.listen(e,"mousedown",i)})),e.focus(t)}_focusByCssSelector(e,t){let i=this._elementRef.nativeElement.querySelector(e);i&&this._forceFocus(i,t)}_trapFocus(e){this._isDestroyed||X(()=>{let t=this._elementRef.nativeElement;switch(this._config.autoFocus){case!1:case"dialog":this._containsFocus()||t.focus(e);break;case!0:case"first-tabbable":this._focusTrap?.focusInitialElement(e)||this._focusDialogContainer(e);break;case"first-heading":this._focusByCssSelector('h1, h2, h3, h4, h5, h6, [role="heading"]',e);break;default:this._focusByCssSelector(this._config.autoFocus,e);break}this._focusTrapped.next()},{injector:this._injector})}_restoreFocus(){let e=this._config.restoreFocus,t=null;if(typeof e=="string"?t=this._document.querySelector(e):typeof e=="boolean"?t=e?this._elementFocusedBeforeDialogWasOpened:null:e&&(t=e),this._config.restoreFocus&&t&&typeof t.focus=="function"){let i=ie(),r=this._elementRef.nativeElement;(!i||i===this._document.body||i===r||r.contains(i))&&(this._focusMonitor?(this._focusMonitor.focusVia(t,this._closeInteractionType),this._closeInteractionType=null):t.focus())}this._focusTrap&&this._focusTrap.destroy()}_focusDialogContainer(e){this._elementRef.nativeElement.focus?.(e)}_containsFocus(){let e=this._elementRef.nativeElement,t=ie();return e===t||e.contains(t)}_initializeFocusTrap(){this._platform.isBrowser&&(this._focusTrap=this._focusTrapFactory.create(this._elementRef.nativeElement),this._document&&(this._elementFocusedBeforeDialogWasOpened=ie()))}static \u0275fac=function(t){return new(t||n)};static \u0275cmp=p({type:n,selectors:[["cdk-dialog-container"]],viewQuery:function(t,i){if(t&1&&Ue(G,7),t&2){let r;ee(r=te())&&(i._portalOutlet=r.first)}},hostAttrs:["tabindex","-1",1,"cdk-dialog-container"],hostVars:6,hostBindings:function(t,i){t&2&&L("id",i._config.id||null)("role",i._config.role)("aria-modal",i._config.ariaModal)("aria-labelledby",i._config.ariaLabel?null:i._ariaLabelledByQueue[0])("aria-label",i._config.ariaLabel)("aria-describedby",i._config.ariaDescribedBy||null)},features:[F],decls:1,vars:0,consts:[["cdkPortalOutlet",""]],template:function(t,i){t&1&&J(0,Nt,0,0,"ng-template",0)},dependencies:[G],styles:[`.cdk-dialog-container {
  display: block;
  width: 100%;
  height: 100%;
  min-height: inherit;
  max-height: inherit;
}
`],encapsulation:2})}return n})(),W=class{overlayRef;config;componentInstance=null;componentRef=null;containerInstance;disableClose;closed=new T;backdropClick;keydownEvents;outsidePointerEvents;id;_detachSubscription;constructor(o,e){this.overlayRef=o,this.config=e,this.disableClose=e.disableClose,this.backdropClick=o.backdropClick(),this.keydownEvents=o.keydownEvents(),this.outsidePointerEvents=o.outsidePointerEvents(),this.id=e.id,this.keydownEvents.subscribe(t=>{t.keyCode===27&&!this.disableClose&&!oe(t)&&(t.preventDefault(),this.close(void 0,{focusOrigin:"keyboard"}))}),this.backdropClick.subscribe(()=>{!this.disableClose&&this._canClose()?this.close(void 0,{focusOrigin:"mouse"}):this.containerInstance._recaptureFocus?.()}),this._detachSubscription=o.detachments().subscribe(()=>{e.closeOnOverlayDetachments!==!1&&this.close()})}close(o,e){if(this._canClose(o)){let t=this.closed;this.containerInstance._closeInteractionType=e?.focusOrigin||"program",this._detachSubscription.unsubscribe(),this.overlayRef.dispose(),t.next(o),t.complete(),this.componentInstance=this.containerInstance=null}}updatePosition(){return this.overlayRef.updatePosition(),this}updateSize(o="",e=""){return this.overlayRef.updateSize({width:o,height:e}),this}addPanelClass(o){return this.overlayRef.addPanelClass(o),this}removePanelClass(o){return this.overlayRef.removePanelClass(o),this}_canClose(o){let e=this.config;return!!this.containerInstance&&(!e.closePredicate||e.closePredicate(o,e,this.componentInstance))}},Ht=new k("DialogScrollStrategy",{providedIn:"root",factory:()=>{let n=a(_);return()=>ae(n)}}),Vt=new k("DialogData"),zt=new k("DefaultDialogConfig");function Gt(n){let o=N(n),e=new Z;return{valueSignal:o,get value(){return o()},change:e,ngOnDestroy(){e.complete()}}}var Dt=(()=>{class n{_injector=a(_);_defaultOptions=a(zt,{optional:!0});_parentDialog=a(n,{optional:!0,skipSelf:!0});_overlayContainer=a(ot);_idGenerator=a(z);_openDialogsAtThisLevel=[];_afterAllClosedAtThisLevel=new T;_afterOpenedAtThisLevel=new T;_ariaHiddenElements=new Map;_scrollStrategy=a(Ht);get openDialogs(){return this._parentDialog?this._parentDialog.openDialogs:this._openDialogsAtThisLevel}get afterOpened(){return this._parentDialog?this._parentDialog.afterOpened:this._afterOpenedAtThisLevel}afterAllClosed=Q(()=>this.openDialogs.length?this._getAfterAllClosed():this._getAfterAllClosed().pipe(q(void 0)));constructor(){}open(e,t){let i=this._defaultOptions||new S;t=x(x({},i),t),t.id=t.id||this._idGenerator.getId("cdk-dialog-"),t.id&&this.getDialogById(t.id);let r=this._getOverlayConfig(t),d=rt(this._injector,r),m=new W(d,t),D=this._attachContainer(d,m,t);if(m.containerInstance=D,!this.openDialogs.length){let be=this._overlayContainer.getContainerElement();D._focusTrapped?D._focusTrapped.pipe(R(1)).subscribe(()=>{this._hideNonDialogContentFromAssistiveTechnology(be)}):this._hideNonDialogContentFromAssistiveTechnology(be)}return this._attachDialogContent(e,m,D,t),this.openDialogs.push(m),m.closed.subscribe(()=>this._removeOpenDialog(m,!0)),this.afterOpened.next(m),m}closeAll(){ke(this.openDialogs,e=>e.close())}getDialogById(e){return this.openDialogs.find(t=>t.id===e)}ngOnDestroy(){ke(this._openDialogsAtThisLevel,e=>{e.config.closeOnDestroy===!1&&this._removeOpenDialog(e,!1)}),ke(this._openDialogsAtThisLevel,e=>e.close()),this._afterAllClosedAtThisLevel.complete(),this._afterOpenedAtThisLevel.complete(),this._openDialogsAtThisLevel=[]}_getOverlayConfig(e){let t=new it({positionStrategy:e.positionStrategy||re().centerHorizontally().centerVertically(),scrollStrategy:e.scrollStrategy||this._scrollStrategy(),panelClass:e.panelClass,hasBackdrop:e.hasBackdrop,direction:e.direction,minWidth:e.minWidth,minHeight:e.minHeight,maxWidth:e.maxWidth,maxHeight:e.maxHeight,width:e.width,height:e.height,disposeOnNavigation:e.closeOnNavigation,disableAnimations:e.disableAnimations});return e.backdropClass&&(t.backdropClass=e.backdropClass),t}_attachContainer(e,t,i){let r=i.injector||i.viewContainerRef?.injector,d=[{provide:S,useValue:i},{provide:W,useValue:t},{provide:at,useValue:e}],m;i.container?typeof i.container=="function"?m=i.container:(m=i.container.type,d.push(...i.container.providers(i))):m=Me;let D=new Ae(m,i.viewContainerRef,_.create({parent:r||this._injector,providers:d}));return e.attach(D).instance}_attachDialogContent(e,t,i,r){if(e instanceof Fe){let d=this._createInjector(r,t,i,void 0),m={$implicit:r.data,dialogRef:t};r.templateContext&&(m=x(x({},m),typeof r.templateContext=="function"?r.templateContext():r.templateContext)),i.attachTemplatePortal(new tt(e,null,m,d))}else{let d=this._createInjector(r,t,i,this._injector),m=i.attachComponentPortal(new Ae(e,r.viewContainerRef,d));t.componentRef=m,t.componentInstance=m.instance}}_createInjector(e,t,i,r){let d=e.injector||e.viewContainerRef?.injector,m=[{provide:Vt,useValue:e.data},{provide:W,useValue:t}];return e.providers&&(typeof e.providers=="function"?m.push(...e.providers(t,e,i)):m.push(...e.providers)),e.direction&&(!d||!d.get(we,null,{optional:!0}))&&m.push({provide:we,useValue:Gt(e.direction)}),_.create({parent:d||r,providers:m})}_removeOpenDialog(e,t){let i=this.openDialogs.indexOf(e);i>-1&&(this.openDialogs.splice(i,1),this.openDialogs.length||(this._ariaHiddenElements.forEach((r,d)=>{r?d.setAttribute("aria-hidden",r):d.removeAttribute("aria-hidden")}),this._ariaHiddenElements.clear(),t&&this._getAfterAllClosed().next()))}_hideNonDialogContentFromAssistiveTechnology(e){if(e.parentElement){let t=e.parentElement.children;for(let i=t.length-1;i>-1;i--){let r=t[i];r!==e&&r.nodeName!=="SCRIPT"&&r.nodeName!=="STYLE"&&!r.hasAttribute("aria-live")&&!r.hasAttribute("popover")&&(this._ariaHiddenElements.set(r,r.getAttribute("aria-hidden")),r.setAttribute("aria-hidden","true"))}}}_getAfterAllClosed(){let e=this._parentDialog;return e?e._getAfterAllClosed():this._afterAllClosedAtThisLevel}static \u0275fac=function(t){return new(t||n)};static \u0275prov=Y({token:n,factory:n.\u0275fac,providedIn:"root"})}return n})();function ke(n,o){let e=n.length;for(;e--;)o(n[e])}function Wt(n,o){}var ce=class{viewContainerRef;injector;id;role="dialog";panelClass="";hasBackdrop=!0;backdropClass="";disableClose=!1;closePredicate;width="";height="";minWidth;minHeight;maxWidth;maxHeight;position;data=null;direction;ariaDescribedBy=null;ariaLabelledBy=null;ariaLabel=null;ariaModal=!1;autoFocus="first-tabbable";restoreFocus=!0;delayFocusTrap=!0;scrollStrategy;closeOnNavigation=!0;enterAnimationDuration;exitAnimationDuration},Oe="mdc-dialog--open",xt="mdc-dialog--opening",wt="mdc-dialog--closing",Ut=150,Qt=75,qt=(()=>{class n extends Me{_animationStateChanged=new Z;_animationsEnabled=!Te();_actionSectionCount=0;_hostElement=this._elementRef.nativeElement;_enterAnimationDuration=this._animationsEnabled?Tt(this._config.enterAnimationDuration)??Ut:0;_exitAnimationDuration=this._animationsEnabled?Tt(this._config.exitAnimationDuration)??Qt:0;_animationTimer=null;_contentAttached(){super._contentAttached(),this._startOpenAnimation()}_startOpenAnimation(){this._animationStateChanged.emit({state:"opening",totalTime:this._enterAnimationDuration}),this._animationsEnabled?(this._hostElement.style.setProperty(At,`${this._enterAnimationDuration}ms`),this._requestAnimationFrame(()=>this._hostElement.classList.add(xt,Oe)),this._waitForAnimationToComplete(this._enterAnimationDuration,this._finishDialogOpen)):(this._hostElement.classList.add(Oe),Promise.resolve().then(()=>this._finishDialogOpen()))}_startExitAnimation(){this._animationStateChanged.emit({state:"closing",totalTime:this._exitAnimationDuration}),this._hostElement.classList.remove(Oe),this._animationsEnabled?(this._hostElement.style.setProperty(At,`${this._exitAnimationDuration}ms`),this._requestAnimationFrame(()=>this._hostElement.classList.add(wt)),this._waitForAnimationToComplete(this._exitAnimationDuration,this._finishDialogClose)):Promise.resolve().then(()=>this._finishDialogClose())}_updateActionSectionCount(e){this._actionSectionCount+=e,this._changeDetectorRef.markForCheck()}_finishDialogOpen=()=>{this._clearAnimationClasses(),this._openAnimationDone(this._enterAnimationDuration)};_finishDialogClose=()=>{this._clearAnimationClasses(),this._animationStateChanged.emit({state:"closed",totalTime:this._exitAnimationDuration})};_clearAnimationClasses(){this._hostElement.classList.remove(xt,wt)}_waitForAnimationToComplete(e,t){this._animationTimer!==null&&clearTimeout(this._animationTimer),this._animationTimer=setTimeout(t,e)}_requestAnimationFrame(e){this._ngZone.runOutsideAngular(()=>{typeof requestAnimationFrame=="function"?requestAnimationFrame(e):e()})}_captureInitialFocus(){this._config.delayFocusTrap||this._trapFocus()}_openAnimationDone(e){this._config.delayFocusTrap&&this._trapFocus(),this._animationStateChanged.next({state:"opened",totalTime:e})}ngOnDestroy(){super.ngOnDestroy(),this._animationTimer!==null&&clearTimeout(this._animationTimer)}attachComponentPortal(e){let t=super.attachComponentPortal(e);return t.location.nativeElement.classList.add("mat-mdc-dialog-component-host"),t}static \u0275fac=(()=>{let e;return function(i){return(e||(e=K(n)))(i||n)}})();static \u0275cmp=p({type:n,selectors:[["mat-dialog-container"]],hostAttrs:["tabindex","-1",1,"mat-mdc-dialog-container","mdc-dialog"],hostVars:10,hostBindings:function(t,i){t&2&&(Ce("id",i._config.id),L("aria-modal",i._config.ariaModal)("role",i._config.role)("aria-labelledby",i._config.ariaLabel?null:i._ariaLabelledByQueue[0])("aria-label",i._config.ariaLabel)("aria-describedby",i._config.ariaDescribedBy||null),H("_mat-animation-noopable",!i._animationsEnabled)("mat-mdc-dialog-container-with-actions",i._actionSectionCount>0))},features:[F],decls:3,vars:0,consts:[[1,"mat-mdc-dialog-inner-container","mdc-dialog__container"],[1,"mat-mdc-dialog-surface","mdc-dialog__surface"],["cdkPortalOutlet",""]],template:function(t,i){t&1&&(s(0,"div",0)(1,"div",1),J(2,Wt,0,0,"ng-template",2),l()())},dependencies:[G],styles:[`.mat-mdc-dialog-container {
  width: 100%;
  height: 100%;
  display: block;
  box-sizing: border-box;
  max-height: inherit;
  min-height: inherit;
  min-width: inherit;
  max-width: inherit;
  outline: 0;
}

.cdk-overlay-pane.mat-mdc-dialog-panel {
  max-width: var(--mat-dialog-container-max-width, 560px);
  min-width: var(--mat-dialog-container-min-width, 280px);
}
@media (max-width: 599px) {
  .cdk-overlay-pane.mat-mdc-dialog-panel {
    max-width: var(--mat-dialog-container-small-max-width, calc(100vw - 32px));
  }
}

.mat-mdc-dialog-inner-container {
  display: flex;
  flex-direction: row;
  align-items: center;
  justify-content: space-around;
  box-sizing: border-box;
  height: 100%;
  opacity: 0;
  transition: opacity linear var(--mat-dialog-transition-duration, 0ms);
  max-height: inherit;
  min-height: inherit;
  min-width: inherit;
  max-width: inherit;
}
.mdc-dialog--closing .mat-mdc-dialog-inner-container {
  transition: opacity 75ms linear;
  transform: none;
}
.mdc-dialog--open .mat-mdc-dialog-inner-container {
  opacity: 1;
}
._mat-animation-noopable .mat-mdc-dialog-inner-container {
  transition: none;
}

.mat-mdc-dialog-surface {
  display: flex;
  flex-direction: column;
  flex-grow: 0;
  flex-shrink: 0;
  box-sizing: border-box;
  width: 100%;
  height: 100%;
  position: relative;
  overflow-y: auto;
  outline: 0;
  transform: scale(0.8);
  transition: transform var(--mat-dialog-transition-duration, 0ms) cubic-bezier(0, 0, 0.2, 1);
  max-height: inherit;
  min-height: inherit;
  min-width: inherit;
  max-width: inherit;
  box-shadow: var(--mat-dialog-container-elevation-shadow, none);
  border-radius: var(--mat-dialog-container-shape, var(--mat-sys-corner-extra-large, 4px));
  background-color: var(--mat-dialog-container-color, var(--mat-sys-surface, white));
}
[dir=rtl] .mat-mdc-dialog-surface {
  text-align: right;
}
.mdc-dialog--open .mat-mdc-dialog-surface, .mdc-dialog--closing .mat-mdc-dialog-surface {
  transform: none;
}
._mat-animation-noopable .mat-mdc-dialog-surface {
  transition: none;
}
.mat-mdc-dialog-surface::before {
  position: absolute;
  box-sizing: border-box;
  width: 100%;
  height: 100%;
  top: 0;
  left: 0;
  border: 2px solid transparent;
  border-radius: inherit;
  content: "";
  pointer-events: none;
}

.mat-mdc-dialog-title {
  display: block;
  position: relative;
  flex-shrink: 0;
  box-sizing: border-box;
  margin: 0 0 1px;
  padding: var(--mat-dialog-headline-padding, 6px 24px 13px);
}
.mat-mdc-dialog-title::before {
  display: inline-block;
  width: 0;
  height: 40px;
  content: "";
  vertical-align: 0;
}
[dir=rtl] .mat-mdc-dialog-title {
  text-align: right;
}
.mat-mdc-dialog-container .mat-mdc-dialog-title {
  color: var(--mat-dialog-subhead-color, var(--mat-sys-on-surface, rgba(0, 0, 0, 0.87)));
  font-family: var(--mat-dialog-subhead-font, var(--mat-sys-headline-small-font, inherit));
  line-height: var(--mat-dialog-subhead-line-height, var(--mat-sys-headline-small-line-height, 1.5rem));
  font-size: var(--mat-dialog-subhead-size, var(--mat-sys-headline-small-size, 1rem));
  font-weight: var(--mat-dialog-subhead-weight, var(--mat-sys-headline-small-weight, 400));
  letter-spacing: var(--mat-dialog-subhead-tracking, var(--mat-sys-headline-small-tracking, 0.03125em));
}

.mat-mdc-dialog-content {
  display: block;
  flex-grow: 1;
  box-sizing: border-box;
  margin: 0;
  overflow: auto;
  max-height: 65vh;
}
.mat-mdc-dialog-content > :first-child {
  margin-top: 0;
}
.mat-mdc-dialog-content > :last-child {
  margin-bottom: 0;
}
.mat-mdc-dialog-container .mat-mdc-dialog-content {
  color: var(--mat-dialog-supporting-text-color, var(--mat-sys-on-surface-variant, rgba(0, 0, 0, 0.6)));
  font-family: var(--mat-dialog-supporting-text-font, var(--mat-sys-body-medium-font, inherit));
  line-height: var(--mat-dialog-supporting-text-line-height, var(--mat-sys-body-medium-line-height, 1.5rem));
  font-size: var(--mat-dialog-supporting-text-size, var(--mat-sys-body-medium-size, 1rem));
  font-weight: var(--mat-dialog-supporting-text-weight, var(--mat-sys-body-medium-weight, 400));
  letter-spacing: var(--mat-dialog-supporting-text-tracking, var(--mat-sys-body-medium-tracking, 0.03125em));
}
.mat-mdc-dialog-container .mat-mdc-dialog-content {
  padding: var(--mat-dialog-content-padding, 20px 24px);
}
.mat-mdc-dialog-container-with-actions .mat-mdc-dialog-content {
  padding: var(--mat-dialog-with-actions-content-padding, 20px 24px 0);
}
.mat-mdc-dialog-container .mat-mdc-dialog-title + .mat-mdc-dialog-content {
  padding-top: 0;
}

.mat-mdc-dialog-actions {
  display: flex;
  position: relative;
  flex-shrink: 0;
  flex-wrap: wrap;
  align-items: center;
  box-sizing: border-box;
  min-height: 52px;
  margin: 0;
  border-top: 1px solid transparent;
  padding: var(--mat-dialog-actions-padding, 16px 24px);
  justify-content: var(--mat-dialog-actions-alignment, flex-end);
}
@media (forced-colors: active) {
  .mat-mdc-dialog-actions {
    border-top-color: CanvasText;
  }
}
.mat-mdc-dialog-actions.mat-mdc-dialog-actions-align-start, .mat-mdc-dialog-actions[align=start] {
  justify-content: start;
}
.mat-mdc-dialog-actions.mat-mdc-dialog-actions-align-center, .mat-mdc-dialog-actions[align=center] {
  justify-content: center;
}
.mat-mdc-dialog-actions.mat-mdc-dialog-actions-align-end, .mat-mdc-dialog-actions[align=end] {
  justify-content: flex-end;
}
.mat-mdc-dialog-actions .mat-button-base + .mat-button-base,
.mat-mdc-dialog-actions .mat-mdc-button-base + .mat-mdc-button-base {
  margin-left: 8px;
}
[dir=rtl] .mat-mdc-dialog-actions .mat-button-base + .mat-button-base,
[dir=rtl] .mat-mdc-dialog-actions .mat-mdc-button-base + .mat-mdc-button-base {
  margin-left: 0;
  margin-right: 8px;
}

.mat-mdc-dialog-component-host {
  display: contents;
}
`],encapsulation:2})}return n})(),At="--mat-dialog-transition-duration";function Tt(n){return n==null?null:typeof n=="number"?n:n.endsWith("ms")?xe(n.substring(0,n.length-2)):n.endsWith("s")?xe(n.substring(0,n.length-1))*1e3:n==="0"?0:null}var le=(function(n){return n[n.OPEN=0]="OPEN",n[n.CLOSING=1]="CLOSING",n[n.CLOSED=2]="CLOSED",n})(le||{}),U=class{_ref;_config;_containerInstance;componentInstance;componentRef=null;disableClose;id;_afterOpened=new ye(1);_beforeClosed=new ye(1);_result;_closeFallbackTimeout;_state=le.OPEN;_closeInteractionType;constructor(o,e,t){this._ref=o,this._config=e,this._containerInstance=t,this.disableClose=e.disableClose,this.id=o.id,o.addPanelClass("mat-mdc-dialog-panel"),t._animationStateChanged.pipe(E(i=>i.state==="opened"),R(1)).subscribe(()=>{this._afterOpened.next(),this._afterOpened.complete()}),t._animationStateChanged.pipe(E(i=>i.state==="closed"),R(1)).subscribe(()=>{clearTimeout(this._closeFallbackTimeout),this._finishDialogClose()}),o.overlayRef.detachments().subscribe(()=>{this._beforeClosed.next(this._result),this._beforeClosed.complete(),this._finishDialogClose()}),Ee(this.backdropClick(),this.keydownEvents().pipe(E(i=>i.keyCode===27&&!this.disableClose&&!oe(i)))).subscribe(i=>{this.disableClose||(i.preventDefault(),kt(this,i.type==="keydown"?"keyboard":"mouse"))})}close(o){let e=this._config.closePredicate;e&&!e(o,this._config,this.componentInstance)||(this._result=o,this._containerInstance._animationStateChanged.pipe(E(t=>t.state==="closing"),R(1)).subscribe(t=>{this._beforeClosed.next(o),this._beforeClosed.complete(),this._ref.overlayRef.detachBackdrop(),this._closeFallbackTimeout=setTimeout(()=>this._finishDialogClose(),t.totalTime+100)}),this._state=le.CLOSING,this._containerInstance._startExitAnimation())}afterOpened(){return this._afterOpened}afterClosed(){return this._ref.closed}beforeClosed(){return this._beforeClosed}backdropClick(){return this._ref.backdropClick}keydownEvents(){return this._ref.keydownEvents}updatePosition(o){let e=this._ref.config.positionStrategy;return o&&(o.left||o.right)?o.left?e.left(o.left):e.right(o.right):e.centerHorizontally(),o&&(o.top||o.bottom)?o.top?e.top(o.top):e.bottom(o.bottom):e.centerVertically(),this._ref.updatePosition(),this}updateSize(o="",e=""){return this._ref.updateSize(o,e),this}addPanelClass(o){return this._ref.addPanelClass(o),this}removePanelClass(o){return this._ref.removePanelClass(o),this}getState(){return this._state}_finishDialogClose(){this._state=le.CLOSED,this._ref.close(this._result,{focusOrigin:this._closeInteractionType}),this.componentInstance=null}};function kt(n,o,e){return n._closeInteractionType=o,n.close(e)}var Yt=new k("MatMdcDialogData"),$t=new k("mat-mdc-dialog-default-options"),Zt=new k("mat-mdc-dialog-scroll-strategy",{providedIn:"root",factory:()=>{let n=a(_);return()=>ae(n)}}),de=(()=>{class n{_defaultOptions=a($t,{optional:!0});_scrollStrategy=a(Zt);_parentDialog=a(n,{optional:!0,skipSelf:!0});_idGenerator=a(z);_injector=a(_);_dialog=a(Dt);_animationsDisabled=Te();_openDialogsAtThisLevel=[];_afterAllClosedAtThisLevel=new T;_afterOpenedAtThisLevel=new T;dialogConfigClass=ce;_dialogRefConstructor;_dialogContainerType;_dialogDataToken;get openDialogs(){return this._parentDialog?this._parentDialog.openDialogs:this._openDialogsAtThisLevel}get afterOpened(){return this._parentDialog?this._parentDialog.afterOpened:this._afterOpenedAtThisLevel}_getAfterAllClosed(){let e=this._parentDialog;return e?e._getAfterAllClosed():this._afterAllClosedAtThisLevel}afterAllClosed=Q(()=>this.openDialogs.length?this._getAfterAllClosed():this._getAfterAllClosed().pipe(q(void 0)));constructor(){this._dialogRefConstructor=U,this._dialogContainerType=qt,this._dialogDataToken=Yt}open(e,t){let i;t=x(x({},this._defaultOptions||new ce),t),t.id=t.id||this._idGenerator.getId("mat-mdc-dialog-"),t.scrollStrategy=t.scrollStrategy||this._scrollStrategy();let r=this._dialog.open(e,Se(x({},t),{positionStrategy:re(this._injector).centerHorizontally().centerVertically(),disableClose:!0,closePredicate:void 0,closeOnDestroy:!1,closeOnOverlayDetachments:!1,disableAnimations:this._animationsDisabled||t.enterAnimationDuration?.toLocaleString()==="0"||t.exitAnimationDuration?.toString()==="0",container:{type:this._dialogContainerType,providers:()=>[{provide:this.dialogConfigClass,useValue:t},{provide:S,useValue:t}]},templateContext:()=>({dialogRef:i}),providers:(d,m,D)=>(i=new this._dialogRefConstructor(d,t,D),i.updatePosition(t?.position),[{provide:this._dialogContainerType,useValue:D},{provide:this._dialogDataToken,useValue:m.data},{provide:this._dialogRefConstructor,useValue:i}])}));return i.componentRef=r.componentRef,i.componentInstance=r.componentInstance,this.openDialogs.push(i),this.afterOpened.next(i),i.afterClosed().subscribe(()=>{let d=this.openDialogs.indexOf(i);d>-1&&(this.openDialogs.splice(d,1),this.openDialogs.length||this._getAfterAllClosed().next())}),i}closeAll(){this._closeDialogs(this.openDialogs)}getDialogById(e){return this.openDialogs.find(t=>t.id===e)}ngOnDestroy(){this._closeDialogs(this._openDialogsAtThisLevel),this._afterAllClosedAtThisLevel.complete(),this._afterOpenedAtThisLevel.complete()}_closeDialogs(e){let t=e.length;for(;t--;)e[t].close()}static \u0275fac=function(t){return new(t||n)};static \u0275prov=Y({token:n,factory:n.\u0275fac,providedIn:"root"})}return n})(),Mt=(()=>{class n{dialogRef=a(U,{optional:!0});_elementRef=a(w);_dialog=a(de);ariaLabel;type="button";dialogResult;_matDialogClose;constructor(){}ngOnInit(){this.dialogRef||(this.dialogRef=Pt(this._elementRef,this._dialog.openDialogs))}ngOnChanges(e){let t=e._matDialogClose||e._matDialogCloseResult;t&&(this.dialogResult=t.currentValue)}_onButtonClick(e){kt(this.dialogRef,e.screenX===0&&e.screenY===0?"keyboard":"mouse",this.dialogResult)}static \u0275fac=function(t){return new(t||n)};static \u0275dir=M({type:n,selectors:[["","mat-dialog-close",""],["","matDialogClose",""]],hostVars:2,hostBindings:function(t,i){t&1&&h("click",function(d){return i._onButtonClick(d)}),t&2&&L("aria-label",i.ariaLabel||null)("type",i.type)},inputs:{ariaLabel:[0,"aria-label","ariaLabel"],type:"type",dialogResult:[0,"mat-dialog-close","dialogResult"],_matDialogClose:[0,"matDialogClose","_matDialogClose"]},exportAs:["matDialogClose"],features:[Re]})}return n})(),Ot=(()=>{class n{_dialogRef=a(U,{optional:!0});_elementRef=a(w);_dialog=a(de);constructor(){}ngOnInit(){this._dialogRef||(this._dialogRef=Pt(this._elementRef,this._dialog.openDialogs)),this._dialogRef&&Promise.resolve().then(()=>{this._onAdd()})}ngOnDestroy(){this._dialogRef?._containerInstance&&Promise.resolve().then(()=>{this._onRemove()})}static \u0275fac=function(t){return new(t||n)};static \u0275dir=M({type:n})}return n})(),St=(()=>{class n extends Ot{id=a(z).getId("mat-mdc-dialog-title-");_onAdd(){this._dialogRef._containerInstance?._addAriaLabelledBy?.(this.id)}_onRemove(){this._dialogRef?._containerInstance?._removeAriaLabelledBy?.(this.id)}static \u0275fac=(()=>{let e;return function(i){return(e||(e=K(n)))(i||n)}})();static \u0275dir=M({type:n,selectors:[["","mat-dialog-title",""],["","matDialogTitle",""]],hostAttrs:[1,"mat-mdc-dialog-title","mdc-dialog__title"],hostVars:1,hostBindings:function(t,i){t&2&&Ce("id",i.id)},inputs:{id:"id"},exportAs:["matDialogTitle"],features:[F]})}return n})(),Et=(()=>{class n{static \u0275fac=function(t){return new(t||n)};static \u0275dir=M({type:n,selectors:[["","mat-dialog-content",""],["mat-dialog-content"],["","matDialogContent",""]],hostAttrs:[1,"mat-mdc-dialog-content","mdc-dialog__content"],features:[je([et])]})}return n})(),It=(()=>{class n extends Ot{align;_onAdd(){this._dialogRef._containerInstance?._updateActionSectionCount?.(1)}_onRemove(){this._dialogRef._containerInstance?._updateActionSectionCount?.(-1)}static \u0275fac=(()=>{let e;return function(i){return(e||(e=K(n)))(i||n)}})();static \u0275dir=M({type:n,selectors:[["","mat-dialog-actions",""],["mat-dialog-actions"],["","matDialogActions",""]],hostAttrs:[1,"mat-mdc-dialog-actions","mdc-dialog__actions"],hostVars:6,hostBindings:function(t,i){t&2&&H("mat-mdc-dialog-actions-align-start",i.align==="start")("mat-mdc-dialog-actions-align-center",i.align==="center")("mat-mdc-dialog-actions-align-end",i.align==="end")},inputs:{align:"align"},features:[F]})}return n})();function Pt(n,o){let e=n.nativeElement.parentElement;for(;e&&!e.classList.contains("mat-mdc-dialog-container");)e=e.parentElement;return e?o.find(t=>t.id===e.id):null}function Kt(n,o){if(n&1&&(s(0,"h2",0),c(1,"Save your work"),l(),s(2,"mat-dialog-content"),c(3),l(),s(4,"mat-dialog-actions",1)(5,"button",2),c(6,"Understood"),l()()),n&2){let e=g();u(3),V("Your session ends in ",e.session.absoluteExpiresIn()," s. Then you have to log in again.")}}function Xt(n,o){if(n&1){let e=B();s(0,"h2",0),c(1,"Are you still there?"),l(),s(2,"mat-dialog-content"),c(3),l(),s(4,"mat-dialog-actions",1)(5,"button",3),h("click",function(){I(e);let i=g();return P(i.session.logout())}),c(6,"Log out"),l(),s(7,"button",4),h("click",function(){I(e);let i=g();return P(i.session.stay())}),c(8,"Stay logged in"),l()()}if(n&2){let e=g();u(3),V("You will be logged out in ",e.session.idleExpiresIn()," s, because nothing has happened for a while.")}}var me=class n{session=a(f);static \u0275fac=function(e){return new(e||n)};static \u0275cmp=p({type:n,selectors:[["clinic-expiry-dialog"]],decls:2,vars:1,consts:[["mat-dialog-title",""],["align","end"],["matButton","filled","type","button","mat-dialog-close",""],["matButton","","type","button",3,"click"],["matButton","filled","type","button",3,"click"]],template:function(e,t){e&1&&b(0,Kt,7,1)(1,Xt,9,1),e&2&&y(t.session.expiring()==="absolute"?0:1)},dependencies:[C,It,Mt,Et,St],encapsulation:2,changeDetection:0})};var Jt=["*",[["mat-toolbar-row"]]],en=["*","mat-toolbar-row"],tn=(()=>{class n{static \u0275fac=function(t){return new(t||n)};static \u0275dir=M({type:n,selectors:[["mat-toolbar-row"]],hostAttrs:[1,"mat-toolbar-row"],exportAs:["matToolbarRow"]})}return n})(),Lt=(()=>{class n{_elementRef=a(w);_platform=a(ne);_document=a($);color;_toolbarRows;constructor(){}ngAfterViewInit(){this._platform.isBrowser&&(this._checkToolbarMixedModes(),this._toolbarRows.changes.subscribe(()=>this._checkToolbarMixedModes()))}_checkToolbarMixedModes(){this._toolbarRows.length}static \u0275fac=function(t){return new(t||n)};static \u0275cmp=p({type:n,selectors:[["mat-toolbar"]],contentQueries:function(t,i,r){if(t&1&&We(r,tn,5),t&2){let d;ee(d=te())&&(i._toolbarRows=d)}},hostAttrs:[1,"mat-toolbar"],hostVars:6,hostBindings:function(t,i){t&2&&(qe(i.color?"mat-"+i.color:""),H("mat-toolbar-multiple-rows",i._toolbarRows.length>0)("mat-toolbar-single-row",i._toolbarRows.length===0))},inputs:{color:"color"},exportAs:["matToolbar"],ngContentSelectors:en,decls:2,vars:0,template:function(t,i){t&1&&(Ge(Jt),De(0),De(1,1))},styles:[`.mat-toolbar {
  background: var(--mat-toolbar-container-background-color, var(--mat-sys-surface));
  color: var(--mat-toolbar-container-text-color, var(--mat-sys-on-surface));
}
.mat-toolbar, .mat-toolbar h1, .mat-toolbar h2, .mat-toolbar h3, .mat-toolbar h4, .mat-toolbar h5, .mat-toolbar h6 {
  font-family: var(--mat-toolbar-title-text-font, var(--mat-sys-title-large-font));
  font-size: var(--mat-toolbar-title-text-size, var(--mat-sys-title-large-size));
  line-height: var(--mat-toolbar-title-text-line-height, var(--mat-sys-title-large-line-height));
  font-weight: var(--mat-toolbar-title-text-weight, var(--mat-sys-title-large-weight));
  letter-spacing: var(--mat-toolbar-title-text-tracking, var(--mat-sys-title-large-tracking));
  margin: 0;
}
@media (forced-colors: active) {
  .mat-toolbar {
    outline: solid 1px;
  }
}
.mat-toolbar .mat-form-field-underline,
.mat-toolbar .mat-form-field-ripple,
.mat-toolbar .mat-focused .mat-form-field-ripple {
  background-color: currentColor;
}
.mat-toolbar .mat-form-field-label,
.mat-toolbar .mat-focused .mat-form-field-label,
.mat-toolbar .mat-select-value,
.mat-toolbar .mat-select-arrow,
.mat-toolbar .mat-form-field.mat-focused .mat-select-arrow {
  color: inherit;
}
.mat-toolbar .mat-input-element {
  caret-color: currentColor;
}
.mat-toolbar .mat-mdc-button-base.mat-mdc-button-base.mat-unthemed {
  --mat-button-text-label-text-color: var(--mat-toolbar-container-text-color, var(--mat-sys-on-surface));
  --mat-button-outlined-label-text-color: var(--mat-toolbar-container-text-color, var(--mat-sys-on-surface));
}

.mat-toolbar-row, .mat-toolbar-single-row {
  display: flex;
  box-sizing: border-box;
  padding: 0 16px;
  width: 100%;
  flex-direction: row;
  align-items: center;
  white-space: nowrap;
  height: var(--mat-toolbar-standard-height, 64px);
}
@media (max-width: 599px) {
  .mat-toolbar-row, .mat-toolbar-single-row {
    height: var(--mat-toolbar-mobile-height, 56px);
  }
}

.mat-toolbar-multiple-rows {
  display: flex;
  box-sizing: border-box;
  flex-direction: column;
  width: 100%;
  min-height: var(--mat-toolbar-standard-height, 64px);
}
@media (max-width: 599px) {
  .mat-toolbar-multiple-rows {
    min-height: var(--mat-toolbar-mobile-height, 56px);
  }
}
`],encapsulation:2,changeDetection:0})}return n})();function nn(n,o){n&1&&(s(0,"p"),c(1,"You are offline. What you see may be old; changes go out when the network is back."),l())}function on(n,o){n&1&&(s(0,"p"),c(1,"The server has trouble with its sessions. You can work on for a moment; do not log out."),l())}function an(n,o){if(n&1){let e=B();s(0,"p"),c(1),s(2,"button",1),h("click",function(){I(e);let i=g();return P(i.reload())}),c(3,"Load the page anew"),l()()}if(n&2){let e,t=g();u(),V(" Another user has logged in in this browser. This page still shows the data of ",(e=t.session.user())==null?null:e.name,". ")}}var pe=class n{connection=a(se);session=a(f);reload(){location.reload()}static \u0275fac=function(e){return new(e||n)};static \u0275cmp=p({type:n,selectors:[["clinic-banners"]],decls:4,vars:2,consts:[["aria-live","polite"],["matButton","","type","button",3,"click"]],template:function(e,t){e&1&&(s(0,"div",0),b(1,nn,2,0,"p")(2,on,2,0,"p"),b(3,an,4,1,"p"),l()),e&2&&(u(),y(t.connection.online()?t.connection.degraded()?2:-1:1),u(2),y(t.session.identityChanged()?3:-1))},dependencies:[C],styles:["p[_ngcontent-%COMP%]{margin:0;padding:.6rem 1rem;background:var(--mat-sys-error-container);color:var(--mat-sys-on-error-container)}"],changeDetection:0})};var ue=class n{connection=a(se);text=Ze(()=>{if(!this.connection.online())return"Offline";switch(this.connection.state()){case"open":return"Channel open";case"connecting":return"Connecting";case"waiting":return"Reconnecting, using HTTP";case"refused":return"Using HTTP";default:return"No channel"}});static \u0275fac=function(e){return new(e||n)};static \u0275cmp=p({type:n,selectors:[["clinic-connection-chip"]],decls:2,vars:2,consts:[["role","status"]],template:function(e,t){e&1&&(Ve(0,"span",0),c(1),ze()),e&2&&(L("data-state",t.connection.online()?t.connection.state():"offline"),u(),O(t.text()))},styles:["span[_ngcontent-%COMP%]{padding:.25rem .75rem;border-radius:var(--mat-sys-corner-full);font:var(--mat-sys-label-medium);background:var(--mat-sys-surface-container-highest);color:var(--mat-sys-on-surface-variant);white-space:nowrap}span[data-state=open][_ngcontent-%COMP%]{background:var(--mat-sys-secondary-container);color:var(--mat-sys-on-secondary-container)}span[data-state=offline][_ngcontent-%COMP%], span[data-state=waiting][_ngcontent-%COMP%]{background:var(--mat-sys-error-container);color:var(--mat-sys-on-error-container)}"],changeDetection:0})};var rn=n=>({exact:n}),sn=(n,o)=>o.path;function ln(n,o){if(n&1&&(s(0,"p",7),c(1),l()),n&2){let e=g();u(),O(e.problem())}}function cn(n,o){if(n&1&&(s(0,"a",10),c(1),l()),n&2){let e=o.$implicit;ve("routerLink",e.path)("routerLinkActiveOptions",Ye(3,rn,e.path==="/")),u(),O(e.name)}}var dn=1,he=class n{session=a(f);isLeaving=N(!1);problem=N("");pages=[{path:"/",name:"Today"},{path:"/patients",name:"Patients"},{path:"/documents",name:"Documents"},{path:"/report",name:"Report"},{path:"/feed",name:"Live feed"},{path:"/sessions",name:"My sessions"},{path:"/holdings",name:"What your browser holds"},{path:"/connection",name:"Connection"}];injector=a(_);element=a(w).nativeElement;constructor(){a(ut).events.pipe(E(e=>e instanceof mt&&e.id>dn)).pipe(dt()).subscribe(()=>this.focusHeading())}async logOut(){this.isLeaving.set(!0);try{await this.session.logout()}catch{this.isLeaving.set(!1),this.problem.set("Logging out failed. Try again.")}}focusHeading(){X(()=>this.element.querySelector("main h1")?.focus(),{injector:this.injector})}static \u0275fac=function(e){return new(e||n)};static \u0275cmp=p({type:n,selectors:[["clinic-shell"]],decls:21,vars:3,consts:[["content",""],["href","#content",1,"skip",3,"click"],["src","icon.svg","alt","","width","32","height","32"],[1,"brand"],[1,"space"],[1,"user"],["matButton","","type","button",3,"click","disabled"],["role","alert",1,"bad"],[1,"frame"],["aria-label","Pages"],["routerLinkActive","active","ariaCurrentWhenActive","page",3,"routerLink","routerLinkActiveOptions"],["id","content","tabindex","-1"]],template:function(e,t){if(e&1){let i=B();s(0,"a",1),h("click",function(d){I(i);let m=Qe(19);return d.preventDefault(),P(m.focus())}),c(1,"Skip to content"),l(),s(2,"mat-toolbar"),v(3,"img",2),s(4,"span",3),c(5,"Brightwell Clinic"),l(),v(6,"clinic-connection-chip")(7,"span",4),s(8,"span",5),c(9),l(),s(10,"button",6),h("click",function(){return t.logOut()}),c(11,"Log out"),l()(),v(12,"clinic-banners"),b(13,ln,2,1,"p",7),s(14,"div",8)(15,"nav",9),Ne(16,cn,2,5,"a",10,sn),l(),s(18,"main",11,0),v(20,"router-outlet"),l()()}if(e&2){let i;u(9),O((i=t.session.user())==null?null:i.name),u(),ve("disabled",t.isLeaving()),u(3),y(t.problem()?13:-1),u(3),He(t.pages)}},dependencies:[pe,ue,C,Lt,ht,gt,pt],styles:["mat-toolbar[_ngcontent-%COMP%]{gap:.75rem;background:var(--mat-sys-surface-container-high)}.brand[_ngcontent-%COMP%]{font:var(--mat-sys-title-large)}.space[_ngcontent-%COMP%]{flex:1}.user[_ngcontent-%COMP%]{font:var(--mat-sys-title-small);overflow:hidden;text-overflow:ellipsis}.frame[_ngcontent-%COMP%]{display:grid;grid-template-columns:14rem minmax(0,1fr);max-width:80rem;margin:0 auto}nav[_ngcontent-%COMP%]{display:flex;flex-direction:column;gap:.25rem;padding:1rem .5rem}nav[_ngcontent-%COMP%]   a[_ngcontent-%COMP%]{padding:.6rem 1rem;border-radius:var(--mat-sys-corner-full);color:var(--mat-sys-on-surface);text-decoration:none}nav[_ngcontent-%COMP%]   a[_ngcontent-%COMP%]:hover{background:var(--mat-sys-surface-container-highest)}nav[_ngcontent-%COMP%]   a.active[_ngcontent-%COMP%]{background:var(--mat-sys-secondary-container);color:var(--mat-sys-on-secondary-container)}main[_ngcontent-%COMP%]{padding:1rem;min-width:0}main[_ngcontent-%COMP%]:focus{outline:none}.skip[_ngcontent-%COMP%]{position:absolute;inset-block-start:-4rem;z-index:1;padding:.75rem;background:var(--mat-sys-surface)}.skip[_ngcontent-%COMP%]:focus{inset-block-start:0}@media(max-width:44rem){.frame[_ngcontent-%COMP%]{grid-template-columns:minmax(0,1fr)}nav[_ngcontent-%COMP%]{flex-direction:row;overflow-x:auto;padding:.5rem}nav[_ngcontent-%COMP%]   a[_ngcontent-%COMP%]{white-space:nowrap}.brand[_ngcontent-%COMP%], .user[_ngcontent-%COMP%]{display:none}}"],changeDetection:0})};function mn(n,o){if(n&1&&(s(0,"p",2),c(1),l()),n&2){let e=g();u(),O(e.session.endDetail()??"Your session has ended.")}}var ge=class n{session=a(f);static \u0275fac=function(e){return new(e||n)};static \u0275cmp=p({type:n,selectors:[["clinic-sign-in"]],decls:9,vars:1,consts:[[1,"card"],["src","icon.svg","alt","","width","64","height","64"],["role","status",1,"end"],["matButton","filled","type","button",3,"click"]],template:function(e,t){e&1&&(s(0,"main",0),v(1,"img",1),s(2,"h1"),c(3,"Brightwell Clinic"),l(),b(4,mn,2,1,"p",2),s(5,"p"),c(6,"Log in to see your patients. You will be sent to the clinic's login page and come back here."),l(),s(7,"button",3),h("click",function(){return t.session.login()}),c(8,"Log in"),l()()),e&2&&(u(4),y(t.session.endReason()?4:-1))},dependencies:[C],styles:["main[_ngcontent-%COMP%]{max-width:26rem;margin:10vh auto;text-align:center}.end[_ngcontent-%COMP%]{padding:.75rem 1rem;border-radius:var(--mat-sys-corner-medium);background:var(--mat-sys-tertiary-container);color:var(--mat-sys-on-tertiary-container)}"],changeDetection:0})};var fe=class n{session=a(f);static \u0275fac=function(e){return new(e||n)};static \u0275cmp=p({type:n,selectors:[["clinic-unavailable"]],decls:7,vars:0,consts:[[1,"card"],["matButton","filled","type","button",3,"click"]],template:function(e,t){e&1&&(s(0,"main",0)(1,"h1"),c(2,"The clinic cannot be reached"),l(),s(3,"p"),c(4,"The server does not answer at the moment. Nothing is lost, and you may still be logged in."),l(),s(5,"button",1),h("click",function(){return t.session.check()}),c(6,"Try again"),l()())},dependencies:[C],styles:["main[_ngcontent-%COMP%]{max-width:26rem;margin:10vh auto;text-align:center}.end[_ngcontent-%COMP%]{padding:.75rem 1rem;border-radius:var(--mat-sys-corner-medium);background:var(--mat-sys-tertiary-container);color:var(--mat-sys-on-tertiary-container)}"],changeDetection:0})};function pn(n,o){n&1&&v(0,"clinic-shell")}function un(n,o){n&1&&v(0,"clinic-sign-in")}function hn(n,o){n&1&&v(0,"clinic-unavailable")}var _e=class n{session=a(f);constructor(){let o=a(de);Le(()=>{let e=this.session.authenticated()&&this.session.expiring()!==null;o.closeAll(),e&&o.open(me,{disableClose:!0})})}static \u0275fac=function(e){return new(e||n)};static \u0275cmp=p({type:n,selectors:[["clinic-root"]],decls:3,vars:1,template:function(e,t){if(e&1&&b(0,pn,1,0,"clinic-shell")(1,un,1,0,"clinic-sign-in")(2,hn,1,0,"clinic-unavailable"),e&2){let i;y((i=t.session.state())==="authenticated"?0:i==="anonymous"?1:i==="unavailable"?2:-1)}},dependencies:[he,ge,fe],encapsulation:2,changeDetection:0})};var Rt=[{path:"",title:"Today",loadComponent:()=>import("./chunk-A4UWHCUU.js").then(n=>n.Dashboard)},{path:"patients",title:"Patients",loadComponent:()=>import("./chunk-2P7XPMTX.js").then(n=>n.PatientList)},{path:"patients/:id",title:"Patient",loadComponent:()=>import("./chunk-O6QQVRDA.js").then(n=>n.PatientPage)},{path:"documents",title:"Documents",loadComponent:()=>import("./chunk-YXVT4CF7.js").then(n=>n.Documents)},{path:"feed",title:"Live feed",loadComponent:()=>import("./chunk-LLLSUUCN.js").then(n=>n.Feed)},{path:"report",title:"Report",loadComponent:()=>import("./chunk-5RUIIR53.js").then(n=>n.Report)},{path:"sessions",title:"My sessions",loadComponent:()=>import("./chunk-MW6EII2T.js").then(n=>n.Sessions)},{path:"holdings",title:"What your browser holds",loadComponent:()=>import("./chunk-OKC3AIBQ.js").then(n=>n.Holdings)},{path:"connection",title:"Connection",loadComponent:()=>import("./chunk-6QSNAHZN.js").then(n=>n.Connection)},{path:"**",title:"Not found",loadComponent:()=>import("./chunk-NRA3W4SI.js").then(n=>n.NotFound)}];var Ft={providers:[Pe(),$e(),ft(Rt,_t()),Je(),bt({routes:["/api"],client:"clinic/1.0"})]};Xe(_e,Ft).catch(n=>console.error(n));
